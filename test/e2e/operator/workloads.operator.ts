/** A StatefulSet, a claim and a DaemonSet through the operator, as in Stash's guides for VolumeSnapshots. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  backupConfigurations,
  daemonSets,
  persistentVolumeClaims,
  restoreSessions,
  statefulSets,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { type Place, openPlace } from '#test/e2e/place.ts';
import { daemonSet, statefulSet } from '#test/e2e/manifests.ts';
import { claimFrom } from '#test/support/claim-from.ts';

import { beginSession, name, untilEnded, untilReady, untilRestored } from './home.ts';
import { configuration, restoreSession } from './manifests.ts';
import { startOperatorServer } from './operator-server.ts';

const server = await startOperatorServer();
const { snapshotClass, storageClass } = server;

/** Takes a snapshot. Resolves with the suffix of the snapshots' names. */
async function take(place: Place, claims: readonly string[]): Promise<string> {
  await untilReady(place);
  await beginSession(place, 'taken');
  const { status } = await untilEnded(place, 'taken');
  assert.equal(status?.phase, 'Succeeded', JSON.stringify(status));
  assert.equal(status.targets?.[0]?.totalHosts, claims.length);
  const names = (await place.list(volumeSnapshots)).map(({ metadata }) => metadata.name).sort();
  const stamp = names[0]?.split('-').at(-1) ?? '';
  assert.deepEqual(
    names,
    claims.map((claim) => `${claim}-${stamp}`),
  );
  return stamp;
}

await suite('workloads', { concurrency: 4 }, () => {
  test('StatefulSet: the claim of each replica, restored by ${POD_ORDINAL} under the names of another StatefulSet', async (t) => {
    const place = await openPlace(t, server);
    await place.create(statefulSets, statefulSet('stash-demo', 3, storageClass));
    await place.running('stash-demo', 3);
    const target = { kind: 'StatefulSet' as const, snapshotClassName: snapshotClass };
    await place.create(backupConfigurations, configuration(name, target));
    const stamp = await take(
      place,
      [0, 1, 2].map((ordinal) => `source-data-stash-demo-${ordinal}`),
    );
    const claim = 'source-data-restored-${POD_ORDINAL}';
    const snapshot = `source-data-stash-demo-\${POD_ORDINAL}-${stamp}`;
    await place.create(
      restoreSessions,
      restoreSession('back', [claimFrom(snapshot, claim, storageClass)], 3),
    );
    const { status } = await untilRestored(place, 'back');
    assert.equal(status?.phase, 'Succeeded', JSON.stringify(status));
    assert.equal(status.totalHosts, 3);
    const restored = [0, 1, 2].map((ordinal) => `source-data-restored-${ordinal}`);
    assert.deepEqual(status.stats?.map(({ hostname }) => hostname).sort(), restored);
    assert.equal(
      await place.look(restored, `cat ${restored.map((it) => `/source/${it}/data.txt`).join(' ')}`),
      'stash-demo-0\nstash-demo-1\nstash-demo-2',
    );
  });

  test('StatefulSet: fewer replicas than it has, as the target says', async (t) => {
    const place = await openPlace(t, server);
    await place.create(statefulSets, statefulSet('stash-demo', 2, storageClass));
    await place.running('stash-demo', 2);
    const { spec, ...rest } = configuration(name, { kind: 'StatefulSet' });
    await place.create(backupConfigurations, {
      ...rest,
      spec: { ...spec, target: { ...spec.target, replicas: 1 } },
    });
    await take(place, ['source-data-stash-demo-0']);
  });

  test('PersistentVolumeClaim: no workload at all', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('alone');
    assert.equal(await place.look(['alone'], 'echo proof | tee /source/alone/proof'), 'proof');
    await place.create(
      backupConfigurations,
      configuration(name, { kind: 'PersistentVolumeClaim', target: 'alone' }),
    );
    const stamp = await take(place, ['alone']);
    await place.create(
      restoreSessions,
      restoreSession('back', [claimFrom(`alone-${stamp}`, 'alone-back', storageClass)]),
    );
    assert.equal((await untilRestored(place, 'back')).status?.phase, 'Succeeded');
    assert.equal(await place.look(['alone-back'], 'cat /source/alone-back/proof'), 'proof');
    assert.equal((await place.list(persistentVolumeClaims)).length, 2);
  });

  test('DaemonSet: the claim of its pods', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('data');
    await place.create(daemonSets, daemonSet('stash-demo', ['data']));
    await place.create(backupConfigurations, configuration(name, { kind: 'DaemonSet' }));
    await take(place, ['data']);
  });
});
