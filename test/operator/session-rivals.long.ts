/** Two operators that both act as the leader: nothing is done twice. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { backupSessions, jobs } from '#src/api/resources.ts';
import { logOf, note, runningHome } from '#test/session/hooked.ts';

import { openSessionStage } from './session-stage.ts';

const shell = (word: string) => ({ exec: { command: ['/bin/sh', '-c', note(word)] }, containerName: 'app' });

const place = await openSessionStage();
after(() => place[Symbol.asyncDispose]());

for (const runSessions of ['in-process', 'in-jobs'] as const) {
  test(`two operators at a time, ${runSessions}`, async () => {
    await using place = await openSessionStage(1);
    const { stage } = place;
    await Promise.all([place.operator({ runSessions }), place.operator({ runSessions })]);
    const home = await runningHome(stage, ['data']);
    await place.configuration(home, { hooks: { preBackup: shell('freeze'), postBackup: shell('thaw') } });
    await place.session(home, 's1');
    const { status } = await place.ended(home, 's1');
    assert.equal(status?.phase, 'Succeeded');
    assert.deepEqual(await stage.snapshotted(home), ['data']);
    assert.deepEqual(await logOf(stage, home), ['freeze', 'thaw']);
    assert.equal((await stage.all(jobs, home)).length, runSessions === 'in-jobs' ? 1 : 0);
  });
}

test('two operators retry a failed session only once', async () => {
  const { stage } = place;
  await Promise.all([
    place.operator({ runSessions: 'in-process' }),
    place.operator({ runSessions: 'in-process' }),
  ]);
  const home = await stage.home([]);
  await place.configuration(home, { retryConfig: { maxRetry: 1, delay: '3s' } });
  await place.session(home, 's1');
  await stage.until(
    backupSessions,
    home,
    (all) =>
      all.length === 2 && all.every(({ status, spec }) => status?.retried === true || spec.retryLeft === 0),
  );
  const all = await stage.until(backupSessions, home, (found) =>
    found.every(({ status }) => status?.phase === 'Failed'),
  );
  assert.equal(all.length, 2);
});
