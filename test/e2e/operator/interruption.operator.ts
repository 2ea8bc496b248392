/**
 * Kills the pod that carries a session out, at each of several moments: the next pod brings the session to
 * its end, and the application does not stay quiesced.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import {
  backupSessions,
  persistentVolumeClaims,
  pods,
  restoreSessions,
  storageClasses,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { restoreJobName, snapshotterJobName } from '#src/domain/workload/names.ts';
import { checkLog } from '#test/session/hooked.ts';
import { isBound, openPlace, type Place } from '#test/e2e/place.ts';
import { claimFrom } from '#test/support/claim-from.ts';
import { storageClass } from '#test/support/classes.ts';

import {
  beginSession,
  faultyClass,
  createWorkload,
  hooksRun,
  needsFaults,
  note,
  podOf,
  untilEnded,
  untilOne,
  untilRestored,
  untilSession,
} from './home.ts';
import { restoreSession } from './manifests.ts';
import { startOperatorServer } from './operator-server.ts';

const server = await startOperatorServer();
const { cluster } = server;
const skip = needsFaults(server);

type Session = Stored<BackupSession> | Stored<RestoreSession>;

const isHeld = (it: Session) => readHolder(it) !== undefined;
const isQuiesced = (it: Session) => it.metadata.annotations?.[annotation.quiescedSince] !== undefined;

const moments: Record<string, (place: Place) => Promise<unknown>> = {
  'has taken the session': (place) => untilSession(place, 'struck', isHeld),
  'has written that it quiesces': (place) => untilSession(place, 'struck', isQuiesced),
  'has asked for the snapshot': (place) => place.until(volumeSnapshots, ([it]) => it),
  'sees the snapshot cut': (place) => place.until(volumeSnapshots, ([it]) => it?.status?.creationTime),
  'has thawed': (place) =>
    untilSession(place, 'struck', ({ status }) =>
      JSON.stringify(status?.targets ?? []).includes('PostBackupHookExecutionSucceeded'),
    ),
};

/** Kills the pod at once. Resolves when the API server has removed it. */
async function kill(place: Place, jobName: string): Promise<string> {
  const { metadata } = await podOf(place, jobName);
  await cluster.delete(pods, metadata, { gracePeriodSeconds: 0 });
  return metadata.uid;
}

await suite('interruption', { concurrency: 7 }, () => {
  for (const [moment, comes] of Object.entries(moments)) {
    test(`a snapshot whose pod is killed when it ${moment}`, { skip }, async (t) => {
      const place = await openPlace(t, server);
      const snapshotClassName = await faultyClass(t, server, place, { cutDelay: '3s', delay: '8s' });
      const hooks = { preBackup: note('freeze'), postBackup: note('thaw') };
      await createWorkload(place, { snapshotClassName, spec: { hooks } });
      await beginSession(place, 'struck');
      await comes(place);
      await kill(place, snapshotterJobName('struck'));
      const session = await untilEnded(place, 'struck');
      const snapshots = await place.list(volumeSnapshots);
      const told = JSON.stringify(session.status);
      // A snapshot that is cut after the application was thawed does not count as consistent.
      if (session.status?.phase !== 'Succeeded') assert.match(told, /not cut (when|within) .*was resumed/);
      assert.equal(snapshots.length, 1, told);
      assert.equal((await place.list(backupSessions)).length, 1);
      checkLog((await hooksRun(place)).trim().split(' '), told);
      await place.until(volumeSnapshots, (all) => all.every(({ status }) => status?.readyToUse === true));
    });
  }

  for (const [moment, comes] of Object.entries<(place: Place) => Promise<unknown>>({
    'has taken the session': (place) => untilOne(place, restoreSessions, 'back', isHeld),
    'has written that it quiesces': (place) => untilOne(place, restoreSessions, 'back', isQuiesced),
    'has made the claim': (place) => untilOne(place, persistentVolumeClaims, 'copy'),
  })) {
    test(`a restore whose pod is killed when it ${moment}`, { skip }, async (t) => {
      const place = await openPlace(t, server);
      const slow = { name: place.namespace };
      const built = storageClass(slow.name, server.driver ?? '', { delay: '15s' });
      await cluster.create(storageClasses, built);
      t.after(() => cluster.delete(storageClasses, slow));
      await createWorkload(place);
      await beginSession(place, 'taken');
      assert.equal((await untilEnded(place, 'taken')).status?.phase, 'Succeeded');
      const [snapshot] = await place.list(volumeSnapshots);

      const made = restoreSession('back', [claimFrom(snapshot?.metadata.name ?? '', 'copy', slow.name)]);
      const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'stash-demo' };
      const hooks = { preRestore: note('freeze'), postRestore: note('thaw') };
      const spec = { ...made.spec, target: { ...made.spec.target, ref }, hooks };
      await place.create(restoreSessions, { ...made, spec });
      await comes(place);
      const killed = await kill(place, restoreJobName('back'));
      assert(!(await place.list(restoreSessions)).some(isFinal));
      const { status } = await untilRestored(place, 'back');
      assert.equal(status?.phase, 'Succeeded', JSON.stringify(status));
      const copy = await untilOne(place, persistentVolumeClaims, 'copy', isBound);
      assert.equal(copy.spec.dataSource?.name, snapshot?.metadata.name);
      checkLog((await hooksRun(place)).trim().split(' '));
      const next = await place.list(pods);
      assert(
        next.some(
          ({ metadata }) => metadata.name.startsWith(restoreJobName('back')) && metadata.uid !== killed,
        ),
      );
    });
  }
});
