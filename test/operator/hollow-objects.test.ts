/** The Stash CRDs do not require a spec: an object without one must not stop the backups of others. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import type { KubernetesObject, Named } from '#src/api/kubernetes.ts';
import { backupConfigurations, backupSessions, restoreSessions, type Resource } from '#src/api/resources.ts';

import { eventually } from './eventually.ts';
import { openStand } from './stand.ts';
import { startOperator } from './start.ts';

const stand = await openStand();
after(() => stand[Symbol.asyncDispose]());
const { cluster } = stand.sandbox;
const kinds: readonly Resource[] = [backupConfigurations, backupSessions, restoreSessions];

async function hollow(name: string, rest: object = {}): Promise<void> {
  for (const { kind, ...resource } of kinds) {
    const object: Named<KubernetesObject> = {
      apiVersion: 'stash.appscode.com/v1beta1',
      kind,
      metadata: { name, namespace: 'default' },
      ...rest,
    };
    await cluster.create({ ...resource, kind }, object);
  }
}

test('a claim template without metadata and spec makes its RestoreSession Invalid', async () => {
  await using operator = await startOperator({ kubeconfig: stand.kubeconfig });
  for (const [index, template] of [{}, { metadata: {} }, { spec: {} }].entries()) {
    await cluster.create(restoreSessions, {
      apiVersion: 'stash.appscode.com/v1beta1',
      kind: 'RestoreSession',
      metadata: { name: `bare-${index}`, namespace: 'default' },
      spec: { driver: 'VolumeSnapshotter', target: { volumeClaimTemplates: [template] } },
    } as never);
  }
  await eventually(async () => {
    const { items } = await cluster.list(restoreSessions, { namespace: 'default' });
    return items.length === 3 && items.every(({ status }) => status?.phase === 'Invalid');
  });
  await operator.stop();
});

test('objects without a spec are ignored, and all others are reconciled', async () => {
  await hollow('before');
  await using operator = await startOperator({ kubeconfig: stand.kubeconfig });
  const isLookedAt = async (name: string) => {
    const { status } = await cluster.get(backupConfigurations, name, 'default');
    return status?.phase === 'NotReady';
  };
  await stand.configuration('first');
  await eventually(() => isLookedAt('first'));
  await hollow('later');
  await cluster.create(backupSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: { name: 'without-spec', namespace: 'default' },
    spec: {},
  } as never);
  await stand.configuration('second');
  await eventually(() => isLookedAt('second'));
  for (const resource of kinds) {
    for (const name of ['before', 'later']) {
      const object = await cluster.get(resource, name, 'default');
      assert.equal('status' in object, false, `${resource.plural}/${name}`);
      await cluster.delete(resource, { name, namespace: 'default' });
    }
  }
  await operator.stop();
  assert.deepEqual(
    operator.log
      .map((line) => JSON.parse(line) as { level: string })
      .filter(({ level }) => level === 'error'),
    [],
  );
});
