/**
 * Failures around a running session: it ends with the application thawed, and takes no snapshot and runs no
 * hook twice.
 */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import type { Pod, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import {
  backupConfigurations,
  backupSessions,
  deployments,
  jobs,
  pods,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import { snapshotterJobName } from '#src/domain/workload/names.ts';
import { findCondition } from '#src/domain/session/session-status.ts';
import { openPlace, type Place } from '#test/e2e/place.ts';

import {
  beginSession,
  faultyClass,
  createWorkload,
  hooksRun,
  name,
  needsFaults,
  note,
  openHome,
  podOf,
  untilEnded,
  untilSession,
} from './home.ts';
import { startOperatorServer } from './operator-server.ts';

const server = await startOperatorServer();
const { cluster } = server;
const skip = needsFaults(server);
const hooks = { preBackup: note('freeze'), postBackup: note('thaw') };

/** Opens a place with hooks and slow snapshots. */
async function openSlow(t: TestContext, parameters: Record<string, string>): Promise<Place> {
  const place = await openPlace(t, server);
  const snapshotClassName = await faultyClass(t, server, place, parameters);
  await createWorkload(place, { snapshotClassName, spec: { hooks } });
  return place;
}

/** Resolves with the pod that carries a session out, once its snapshot exists, or is cut. */
async function busyPod(place: Place, session: string, isCut = false): Promise<Stored<Pod>> {
  await place.until(
    volumeSnapshots,
    ([snapshot]) => snapshot && (!isCut || snapshot.status?.creationTime !== undefined),
  );
  return await podOf(place, snapshotterJobName(session));
}

await suite('trouble', { concurrency: 8 }, () => {
  test('a session is taken over from a command line that was killed', async (t) => {
    const place = await openHome(t, server, { spec: { hooks } });
    await place.create(backupSessions, {
      apiVersion: 'stash.appscode.com/v1beta1',
      kind: 'BackupSession',
      metadata: { name: 'orphan', annotations: { [annotation.executor]: 'cli-dead 1' } },
      spec: { invoker: { apiGroup: 'stash.appscode.com', kind: 'BackupConfiguration', name } },
    });
    const { status } = await untilEnded(place, 'orphan');
    assert.equal(status?.phase, 'Succeeded');
    assert.equal(await hooksRun(place), 'freeze thaw');
  });

  for (const [how, gracePeriodSeconds] of [
    ['killed', 0],
    ['asked to end', 30],
  ] as const) {
    test(`its pod is ${how} after all snapshots are cut: the next one continues`, { skip }, async (t) => {
      const place = await openSlow(t, { delay: '30s' });
      await beginSession(place, 'struck');
      const pod = await busyPod(place, 'struck', true);
      await cluster.delete(pods, pod.metadata, { gracePeriodSeconds });
      const { status } = await untilEnded(place, 'struck');
      assert.equal(status?.phase, 'Succeeded', JSON.stringify(status));
      assert.equal((await place.list(volumeSnapshots)).length, 1);
      // The first pod may have ended before it could record that it had thawed.
      assert.match(await hooksRun(place), /^freeze( thaw)+$/);
      const others = await place.list(pods);
      assert(
        others.some(
          ({ metadata }) =>
            metadata.uid !== pod.metadata.uid &&
            metadata.labels?.['batch.kubernetes.io/job-name'] === snapshotterJobName('struck'),
        ),
      );
    });

    test(
      `its pod is ${how} while the application is quiesced: the session ends with it thawed`,
      { skip },
      async (t) => {
        const place = await openSlow(t, { cutDelay: '15s' });
        await beginSession(place, 'struck');
        const pod = await busyPod(place, 'struck');
        await cluster.delete(pods, pod.metadata, { gracePeriodSeconds });
        const { status } = await untilEnded(place, 'struck');
        assert.match(await hooksRun(place), /^freeze( thaw)+$/);
        const [snapshot, second] = await place.list(volumeSnapshots);
        assert.equal(second, undefined);
        // A pod that could not thaw leaves the application quiesced for the next pod, which may see the
        // snapshot cut.
        if (status?.phase === 'Succeeded') {
          const thawed = status.targets?.[0]?.conditions?.find(
            ({ type }) => type === 'PostBackupHookExecutionSucceeded',
          );
          const cut = Date.parse(snapshot?.status?.creationTime ?? '');
          assert(cut <= Date.parse(thawed?.lastTransitionTime ?? ''), JSON.stringify(status));
        } else {
          assert.equal(status?.phase, 'Failed');
          assert.match(JSON.stringify(status), /not cut (when|within \d+s of quiescing) the application/);
        }
        // A snapshot that is deleted while it is being cut may stay forever: external-snapshotter then waits
        // for its content.
        await place.until(volumeSnapshots, (all) => all.every((it) => it.status?.readyToUse === true));
      },
    );
  }

  test('its target is deleted: the snapshot is still taken', { skip }, async (t) => {
    const place = await openSlow(t, { delay: '10s' });
    await beginSession(place, 'bereft');
    await busyPod(place, 'bereft');
    await place.remove(deployments, 'stash-demo');
    const { status } = await untilEnded(place, 'bereft');
    assert.equal(status?.phase, 'Succeeded', JSON.stringify(status));
    assert.equal((await place.list(volumeSnapshots)).length, 1);
  });

  test(
    'its configuration is deleted: the application is thawed, the session ends, and the snapshot stays',
    { skip },
    async (t) => {
      const place = await openSlow(t, { fault: 'never-ready' });
      await beginSession(place, 'disowned');
      await busyPod(place, 'disowned');
      const ended = untilSession(place, 'disowned', (it) => it.status?.phase === 'Failed');
      await cluster.delete(backupConfigurations, { name, namespace: place.namespace });
      const session = await ended;
      assert.equal(findCondition(session, 'BackupDisrupted')?.status, 'True');
      await place.until(backupConfigurations, (all) => all.length === 0);
      await place.until(jobs, (all) => all.length === 0);
      assert.equal(await hooksRun(place), 'freeze thaw');
      assert.equal((await place.list(volumeSnapshots)).length, 1);
    },
  );

  test('its holder is the pod of its Job', { skip }, async (t) => {
    const place = await openSlow(t, { delay: '10s' });
    await beginSession(place, 'held');
    const pod = await busyPod(place, 'held');
    const session = await untilSession(place, 'held', (it) => readHolder(it) !== undefined);
    assert.equal(readHolder(session)?.id, pod.metadata.name);
    const { status } = await untilEnded(place, 'held');
    assert.equal(status?.phase, 'Succeeded');
    assert.equal(await hooksRun(place), 'freeze thaw');
  });
});
