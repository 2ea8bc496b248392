/**
 * Executors are killed at random moments of a freeze, and their successors cannot start: according to the
 * application's own log, no freeze lasts more than ten seconds longer than allowed. `SEED` repeats the
 * moments of an earlier run.
 */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import fc from 'fast-check';

import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { annotation } from '#src/api/labels.ts';
import { jobs, pods, volumeSnapshots } from '#src/api/resources.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import { snapshotterJobName } from '#src/domain/workload/names.ts';
import { isStashError } from '#src/errors.ts';
import { openPlace, type Place } from '#test/e2e/place.ts';

import { beginSession, faultyClass, createWorkload, needsFaults, shell, untilSession } from './home.ts';
import { maxFreezeMs, startOperatorServer } from './operator-server.ts';

const server = await startOperatorServer();
const { cluster } = server;
const skip = needsFaults(server);

const kills = 20;
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_007);
/** Milliseconds after the preBackup hook started. */
const moments = fc.sample(fc.noBias(fc.integer({ min: 0, max: maxFreezeMs })), { seed, numRuns: kills });

/** The application has to be thawed before the driver cuts the snapshot. */
const parameters = { cutDelay: `${(2 * maxFreezeMs) / 1_000}s` };
const timed = (word: string) => shell(`echo ${word} $(date +%s) >> /source/data/hooks`);
const hooks = { preBackup: timed('freeze'), postBackup: timed('thaw') };

/**
 * Resolves with the duration of each freeze in seconds; empty if the executor was killed before the hook
 * started.
 */
async function freezes(place: Place): Promise<number[]> {
  const [pod = ''] = await place.running('stash-demo');
  const record = await place.sh(pod, 'touch /source/data/hooks && cat /source/data/hooks');
  const lines = record.split('\n').map((line) => line.split(' '));
  const lasted: number[] = [];
  let since: number | undefined;
  for (const [word, time] of lines) {
    if (word === 'freeze') since ??= Number(time);
    else if (since !== undefined) {
      lasted.push(Number(time) - since);
      since = undefined;
    }
  }
  assert.equal(since, undefined, 'the application is still quiesced');
  return lasted;
}

/** Whether the application is quiesced according to the session. */
function isQuiet({ metadata, status }: Stored<BackupSession>): boolean {
  const conditions = (status?.targets ?? []).flatMap((target) => target.conditions ?? []);
  return (
    metadata.annotations?.[annotation.quiescedSince] !== undefined &&
    conditions.every(({ type }) => type !== 'PostBackupHookExecutionSucceeded')
  );
}

let met = 0;

async function killAt(t: TestContext, moment: number): Promise<void> {
  const place = await openPlace(t, server);
  const { namespace } = place;
  const snapshotClassName = await faultyClass(t, server, place, parameters);
  await createWorkload(place, { snapshotClassName, spec: { hooks } });
  await beginSession(place, 'struck');
  const session = await untilSession(
    place,
    'struck',
    ({ metadata }) => metadata.annotations?.[annotation.quiescedSince] !== undefined,
  );
  const { [annotation.quiescedSince]: since = '', [annotation.quiescedUntil]: until = '' } =
    session.metadata.annotations ?? {};
  const left = Date.parse(since) + moment - Date.now();
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, left)));
  const pod = { name: readHolder(session)?.id ?? '', namespace };
  await cluster.delete(pods, pod, { gracePeriodSeconds: 0 }).catch((error: unknown) => {
    if (!isStashError(error, 'not-found')) throw error;
  });
  // The Job would start the next pod after ten seconds; suspend it, so that none starts.
  await cluster.patch(jobs, { name: snapshotterJobName('struck'), namespace }, { spec: { suspend: true } });
  await untilSession(place, 'struck', (it) => !isQuiet(it));
  const lasted = await freezes(place);
  t.diagnostic(`killed after ${moment / 1_000} s, quiet for ${lasted.join(', ')} s`);
  met += lasted.length;
  const most = (Date.parse(until) - Date.parse(since)) / 1_000 + 10;
  for (const seconds of lasted) assert.ok(seconds <= most, `quiet for ${seconds} s, of at most ${most}`);
  // A snapshot that is deleted while it is being cut may stay forever: external-snapshotter then waits for
  // its content.
  await place.until(volumeSnapshots, (all) => all.every((it) => it.status?.readyToUse === true));
}

await suite(`freezes whose executor was killed, SEED=${seed}`, { concurrency: 10, skip }, () => {
  for (const [index, moment] of moments.entries()) {
    test(`kill ${index + 1} of ${kills}`, (t) => killAt(t, moment));
  }
});

test('most of the kills happened during a freeze', { skip }, () => {
  assert.ok(met >= kills / 2, `only ${met} of ${kills}`);
});
