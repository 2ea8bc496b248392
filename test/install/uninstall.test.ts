/** `kubectl stash uninstall` against the sandbox. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import type { CronJob, KubernetesObject, ObjectMeta } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import {
  backupConfigurations,
  backupSessions,
  clusterRoles,
  cronJobs,
  deployments,
  namespaces,
  pods,
  restoreSessions,
  roleBindings,
  serviceAccounts,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { startWorld, type World } from '#test/commands/world.ts';
import { withAppscode } from '#test/operator-player/appscode.ts';
import { matchGolden } from '#test/support/golden.ts';

import { changes, namesIn, stateOf } from './cluster-state.ts';
import { withoutRights } from './missing-rights.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
  world.race();
  await world.create([namespaces, object('v1', 'Namespace', { name: 'demo' })]);
});
afterEach(() => world[Symbol.asyncDispose]());

const install = async (...flags: readonly string[]) => {
  const ran = await world.run(['install', '--image=example.com/stash:1', ...flags]);
  assert.equal(ran.code, 0, ran.err);
};

const data = [
  'BackupConfiguration demo/nightly',
  'BackupSession demo/nightly-1',
  'VolumeSnapshot demo/data-1',
];

test('removes the operator and the objects it created, and keeps definitions, configurations, sessions and snapshots', async () => {
  const before = await namesIn(world.cluster);
  await install();
  await work();
  const { code, out, err } = await world.run('uninstall');
  assert.equal(code, 0, err);
  matchGolden('uninstall/removed', out);
  assert.deepEqual(await namesIn(world.cluster), [...before, ...data, 'ServiceAccount demo/theirs'].sort());

  const again = await world.run('uninstall');
  assert.deepEqual(
    [again.code, again.out],
    [0, 'nothing of the operator is installed in namespace kubectl-stash\n'],
  );
});

test('releases configurations: they can be deleted, and no longer count as managed by an operator', async () => {
  await install();
  await work();
  await world.run('uninstall');
  const { metadata, status } = await world.cluster.get(backupConfigurations, 'nightly', 'demo');
  assert.deepEqual([metadata.finalizers, status?.phase], [['example.com/other'], undefined]);
});

test('finds the operator in any namespace, and keeps a namespace that it did not create', async () => {
  await world.create([namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'backup' } }]);
  const before = await stateOf(world.cluster);
  await install('-n', 'backup', '--run-sessions=in-process');
  const elsewhere = await world.run('uninstall -n kubectl-stash');
  assert.equal(elsewhere.code, 1);
  matchGolden('uninstall/elsewhere', elsewhere.err);
  assert.equal((await world.run('uninstall')).code, 0);
  assert.deepEqual(changes(before, await stateOf(world.cluster)), []);
});

test('keeps its namespace if it contains foreign objects, and names them', async () => {
  await install();
  const secret: Resource = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };
  await world.create([secret, object('v1', 'Secret', { name: 'registry', namespace: 'kubectl-stash' })]);
  const { code, out } = await world.run('uninstall');
  assert.equal(code, 0);
  assert.match(out, /^namespace\/kubectl-stash kept \(it contains secret\/registry\)$/m);
  assert.ok((await namesIn(world.cluster)).includes('Namespace kubectl-stash'));
});

test('keeps foreign objects with our names', async () => {
  await install();
  await world.cluster.patch(
    clusterRoles,
    { name: 'kubectl-stash-trigger' },
    {
      metadata: { labels: { [label.managedBy]: 'somebody' } },
    },
  );
  assert.equal((await world.run('uninstall')).code, 0);
  const left = (await namesIn(world.cluster)).filter((name) => name.includes('kubectl-stash'));
  assert.deepEqual(left, ['ClusterRole kubectl-stash-trigger']);
});

test('a dry run removes nothing', async () => {
  await install();
  await work();
  const before = await stateOf(world.cluster);
  const { code, out, err } = await world.run('uninstall --crds --dry-run=client');
  assert.equal(code, 0, err);
  matchGolden('uninstall/dry-run', out + err);
  assert.deepEqual(changes(before, await stateOf(world.cluster)), []);
});

test('refuses while sessions are unfinished, unless forced', async () => {
  await install();
  await work();
  await world.create([backupSessions, session('nightly-2')]);
  const before = await stateOf(world.cluster);
  const refused = await world.run('uninstall');
  assert.equal(refused.code, 1);
  matchGolden('uninstall/unfinished', refused.err);
  assert.deepEqual(changes(before, await stateOf(world.cluster)), []);
  assert.equal((await world.run('uninstall --force')).code, 0);
  assert.ok((await namesIn(world.cluster)).includes('BackupSession demo/nightly-2'));
});

test('with --crds it names the objects that will be deleted, and asks first; snapshots stay', async () => {
  await install();
  await work();
  const before = await stateOf(world.cluster);
  const asked = await world.run('uninstall --crds');
  assert.equal(asked.code, 1);
  matchGolden('uninstall/asked', asked.err);
  assert.deepEqual(changes(before, await stateOf(world.cluster)), []);

  await release('nightly');
  const { code, err } = await world.run('uninstall --crds --yes');
  assert.equal(code, 0, err);
  assert.equal(
    err,
    'deleting the definitions also deletes: 1 backupconfiguration, 1 backupsession; volumesnapshots stay\n',
  );
  const left = await namesIn(world.cluster);
  assert.ok(left.includes('VolumeSnapshot demo/data-1'));
  assert.deepEqual(
    left.filter((name) => name.includes('stash.appscode.com')),
    [],
  );
});

test("next to AppsCode's operator it removes our objects, and changes neither configurations nor definitions", async () => {
  await install();
  await work();
  const before = await stateOf(world.cluster);
  const refused = await world.run('uninstall --crds --yes', { through: withAppscode });
  assert.equal(refused.code, 1);
  assert.deepEqual(changes(before, await stateOf(world.cluster)), []);
  await world.create([
    restoreSessions,
    object('stash.appscode.com/v1beta1', 'RestoreSession', at('running'), {}),
  ]);
  assert.equal((await world.run('uninstall', { through: withAppscode })).code, 0);
  const { metadata, status } = await world.cluster.get(backupConfigurations, 'nightly', 'demo');
  assert.equal(metadata.finalizers?.length, 2);
  assert.equal(status?.phase, 'Ready');
});

test('names missing rights before anything is removed', async () => {
  await install();
  await work();
  const before = await stateOf(world.cluster);
  const through = withoutRights('clusterroles', 'backupconfigurations');
  const refused = await world.run('uninstall', { through });
  assert.equal(refused.code, 1);
  matchGolden('uninstall/missing-rights', refused.err);
  assert.deepEqual(changes(before, await stateOf(world.cluster)), []);
});

test('removes nothing else while a pod of the operator exists', async () => {
  await install();
  await work();
  const { items } = await world.cluster.list(pods, { namespace: 'kubectl-stash' });
  const name = items[0]?.metadata.name ?? '';
  const stuck = { metadata: { finalizers: ['example.com/stuck'] } };
  await world.cluster.patch(pods, { name, namespace: 'kubectl-stash' }, stuck);
  const { code, err } = await world.run('uninstall --timeout=20s');
  assert.equal(code, 5);
  assert.match(err, new RegExp(`^error: timed out after 20s waiting for the deletion of pod ${name}$`, 'm'));
  const left = await namesIn(world.cluster);
  assert.ok(left.includes('CronJob demo/stash-trigger-nightly'));
  assert.ok(!left.includes('Deployment kubectl-stash/kubectl-stash-operator'));

  await world.cluster.patch(pods, { name, namespace: 'kubectl-stash' }, { metadata: { finalizers: [] } });
  assert.equal((await world.run('uninstall')).code, 0);
  assert.deepEqual(
    (await namesIn(world.cluster)).filter((name) => name.includes('kubectl-stash')),
    [],
  );
});

test('Ctrl-C while install waits reports the state', async () => {
  const interrupt = new AbortController();
  const { code, err } = await world.run('install --image=example.com/stash:1 --timeout=1h', {
    signal: interrupt.signal,
    through: (cluster) => ({
      ...cluster,
      watch: (resource, scope, signal) => {
        if ((resource as Resource) === deployments) interrupt.abort();
        return cluster.watch(resource, scope, signal);
      },
    }),
  });
  assert.equal(code, 130);
  matchGolden('install/interrupted-late', err);
});

test('Ctrl-C while uninstall waits reports the state', async () => {
  await install();
  const interrupt = new AbortController();
  const { code, err } = await world.run('uninstall', {
    signal: interrupt.signal,
    through: (cluster) => ({
      ...cluster,
      watch: (resource, scope, signal) => {
        interrupt.abort();
        return cluster.watch(resource, scope, signal);
      },
    }),
  });
  assert.equal(code, 130);
  matchGolden('uninstall/interrupted', err);
  assert.equal((await world.run('uninstall')).code, 0);
});

/** Creates a configuration as the operator leaves it, and foreign objects next to it. */
async function work(): Promise<void> {
  const { cluster } = world;
  const mine = { [label.managedBy]: managedBy };
  const configuration: BackupConfiguration = {
    ...object('stash.appscode.com/v1beta1', 'BackupConfiguration', {
      ...at('nightly'),
      finalizers: ['stash.appscode.com', 'example.com/other'],
    }),
    spec: {
      schedule: '0 3 * * *',
      driver: 'VolumeSnapshotter',
      target: { ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' } },
      retentionPolicy: { name: 'keep-all', prune: false },
    },
  };
  const cronJob: CronJob = {
    ...object('batch/v1', 'CronJob', {
      ...at('stash-trigger-nightly'),
      labels: { ...mine, [label.component]: 'trigger' },
    }),
    spec: {
      schedule: '0 3 1 1 *',
      suspend: true,
      jobTemplate: {
        spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'x', image: 'x' }] } } },
      },
    },
  };
  await world.create(
    [backupConfigurations, configuration],
    [cronJobs, cronJob],
    [serviceAccounts, object('v1', 'ServiceAccount', { ...at('stash-nightly'), labels: mine })],
    [serviceAccounts, object('v1', 'ServiceAccount', at('theirs'))],
    [
      roleBindings,
      {
        ...object('rbac.authorization.k8s.io/v1', 'RoleBinding', { ...at('stash-nightly'), labels: mine }),
        roleRef: {
          apiGroup: 'rbac.authorization.k8s.io',
          kind: 'ClusterRole',
          name: 'kubectl-stash-trigger',
        },
      } as KubernetesObject,
    ],
    [backupSessions, session('nightly-1')],
    [
      volumeSnapshots,
      {
        ...object('snapshot.storage.k8s.io/v1', 'VolumeSnapshot', at('data-1')),
        spec: { source: { persistentVolumeClaimName: 'data' } },
      } as KubernetesObject,
    ],
  );
  const status = { subresource: 'status' } as const;
  await cluster.patch(backupConfigurations, at('nightly'), { status: { phase: 'Ready' } }, status);
  await cluster.patch(backupSessions, at('nightly-1'), { status: { phase: 'Succeeded' } }, status);
}

async function release(name: string): Promise<void> {
  await world.cluster.patch(backupConfigurations, at(name), {
    metadata: { finalizers: ['stash.appscode.com'] },
  });
}

function session(name: string): BackupSession {
  return {
    ...object('stash.appscode.com/v1beta1', 'BackupSession', at(name)),
    spec: { invoker: { apiGroup: 'stash.appscode.com', kind: 'BackupConfiguration', name: 'nightly' } },
  };
}

function at(name: string) {
  return { name, namespace: 'demo' };
}

function object<T extends object = object>(apiVersion: string, kind: string, metadata: ObjectMeta, spec?: T) {
  return { apiVersion, kind, metadata, ...(spec && { spec }) };
}
