import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  backupConfigurations,
  cronJobs,
  namespaces,
  persistentVolumeClaims,
  roleBindings,
  serviceAccounts,
  type Resource,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { backupConfigurationReconciler } from '#src/operator/backup-configuration.ts';
import { until } from '#test/support/until.ts';

import { openStand, type Stand } from './stand.ts';
import { startOperator } from './start.ts';

let stand: Stand;
before(async () => {
  stand = await openStand();
});
after(async () => {
  await stand[Symbol.asyncDispose]();
});

type Moment = 'before' | 'after';

interface Dying {
  readonly through: (cluster: Cluster) => Cluster;
  readonly writes: () => number;
}

/** Calls `crash` before or after the n-th write to the namespace is sent; the operator never gets the response. */
function dyingAt(namespace: string, n: number, moment: Moment, crash: () => void): Dying {
  let writes = 0;
  const write = async <T>(resource: Resource, at: string | undefined, send: () => Promise<T>): Promise<T> => {
    if (resource.plural === 'events' || at !== namespace) return send();
    writes += 1;
    if (writes !== n) return send();
    if (moment === 'after') await send();
    crash();
    return new Promise<T>(() => undefined);
  };
  return {
    writes: () => writes,
    through: (cluster) => ({
      ...cluster,
      create: (resource, object, given) =>
        write(resource, object.metadata.namespace, () => cluster.create(resource, object, given)),
      patch: (resource, at, ...what) =>
        write(resource, at.namespace, () => cluster.patch(resource, at, ...what)),
      delete: (resource, at, given) =>
        write(resource, at.namespace, () => cluster.delete(resource, at, given)),
    }),
  };
}

const options = () => ({
  kubeconfig: stand.kubeconfig,
  reconcilers: [backupConfigurationReconciler],
  leaderElect: false,
});

/** A namespace with a claim and a configuration of it. */
async function settle(namespace: string): Promise<void> {
  const { cluster } = stand.sandbox;
  await cluster.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await cluster.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  await cluster.create(backupConfigurations, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupConfiguration',
    metadata: { name: 'nightly', namespace },
    spec: {
      driver: 'VolumeSnapshotter',
      schedule: '0 3 * * *',
      target: { ref: { kind: 'PersistentVolumeClaim', name: 'data' } },
      retentionPolicy: { name: 'keep-all', prune: false },
    },
  });
}

async function isReady(namespace: string): Promise<void> {
  await until(
    stand.sandbox.cluster,
    backupConfigurations,
    { namespace },
    ([it]) => it?.status?.phase === 'Ready',
  );
}

async function isGone(namespace: string): Promise<void> {
  await until(stand.sandbox.cluster, backupConfigurations, { namespace }, (items) => items.length === 0);
}

async function madeIn(namespace: string): Promise<string[]> {
  const kinds: Resource[] = [cronJobs, serviceAccounts, roleBindings];
  const lists = await Promise.all(kinds.map((kind) => stand.sandbox.cluster.list(kind, { namespace })));
  return lists
    .flatMap(({ items }) => items)
    .filter(({ metadata }) => metadata.name.startsWith('stash'))
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    .sort();
}

/** Runs an operator that is killed at the n-th write, or stops once `reached`; resolves with its writes. */
async function live(
  namespace: string,
  reached: (namespace: string) => Promise<unknown>,
  n = Number.MAX_SAFE_INTEGER,
  moment: Moment = 'before',
): Promise<number> {
  const crashed = Promise.withResolvers<undefined>();
  const dying = dyingAt(namespace, n, moment, () => {
    crashed.resolve(undefined);
  });
  await using operator = await startOperator({ ...options(), through: dying.through });
  const isCrashed = await Promise.race([
    crashed.promise.then(() => true),
    reached(namespace).then(() => false),
  ]);
  if (isCrashed) operator.kill();
  return dying.writes();
}

const moments = ['before', 'after'] as const;
const crashes = (writes: number) =>
  Array.from({ length: writes }, (_, index) => moments.map((moment) => ({ n: index + 1, moment }))).flat();

test('after an operator is killed before or after any of its writes, the next one completes its work', async () => {
  await settle('calm');
  const writes = await live('calm', isReady);
  assert.equal(writes, 6);
  const made = await madeIn('calm');
  assert.equal(made.length, 4);
  for (const { n, moment } of crashes(writes)) {
    const namespace = `made-${n}-${moment}`;
    await settle(namespace);
    await live(namespace, isReady, n, moment);
  }
  const all = crashes(writes).map(({ n, moment }) => `made-${n}-${moment}`);
  await live('calm', () => Promise.all(all.map(isReady)));
  for (const namespace of all) assert.deepEqual(await madeIn(namespace), made, namespace);
});

test('the same while a configuration is being deleted', async () => {
  const { cluster } = stand.sandbox;
  const remove = (namespace: string) => cluster.delete(backupConfigurations, { name: 'nightly', namespace });
  await remove('calm');
  const writes = await live('calm', isGone);
  assert.equal(writes, 2);
  for (const { n, moment } of crashes(writes)) {
    const namespace = `made-${n}-${moment}`;
    await remove(namespace);
    await live(namespace, isGone, n, moment);
  }
  const all = crashes(writes).map(({ n, moment }) => `made-${n}-${moment}`);
  await live('calm', () => Promise.all(all.map(isGone)));
  for (const namespace of all) {
    for (const resource of [cronJobs, serviceAccounts, roleBindings] as Resource[]) {
      await until(cluster, resource, { namespace }, (items) =>
        items.every(({ metadata }) => !metadata.name.startsWith('stash')),
      );
    }
  }
});
