/** An operator that is killed at each of its writes in turn: the next one comes to the same end. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { checkLog, logOf, note, runningHome } from '#test/session/hooked.ts';

import { dying, type Death } from './dying.ts';
import { openSessionStage } from './session-stage.ts';

const place = await openSessionStage(100);
const { stage } = place;
after(() => place[Symbol.asyncDispose]());

const shell = (word: string) => ({ exec: { command: ['/bin/sh', '-c', note(word)] }, containerName: 'app' });
const spec = {
  hooks: { preBackup: shell('freeze'), postBackup: shell('thaw') },
  retentionPolicy: { name: 'last', keepLast: 3, prune: true },
};

/** Resolves with how many writes there were, and whether it died. */
async function session(name: string, death?: Death): Promise<{ writes: number; died: boolean }> {
  let writes = 0;
  const killed = Promise.withResolvers<true>();
  const home = await runningHome(stage, ['data']);
  await place.configuration(home, spec);
  await place.session(home, name);
  const first = await place.operator({
    executor: 'in-process',
    through: (cluster) =>
      dying(
        cluster,
        death,
        () => {
          killed.resolve(true);
        },
        () => (writes += 1),
      ),
  });
  const tidied = place.tidied(home, name);
  const died = await Promise.race([killed.promise, tidied.then(() => false)]);
  if (died) first.kill();
  else await first.stop();
  if (died) {
    await using second = await place.operator({ executor: 'in-process' });
    await tidied;
    await second.stop();
  }
  const { status } = await place.ended(home, name);
  const what = `killed ${death?.when ?? 'never'} at write ${death?.write ?? 0}`;
  assert.equal(status?.phase, 'Succeeded', what);
  assert.deepEqual(await stage.snapshotted(home), ['data'], what);
  checkLog(await logOf(stage, home), what);
  return { writes, died };
}

test('an operator that is killed before or after each write', async (t) => {
  const { writes } = await session('whole');
  assert.ok(writes >= 8, `${writes} writes`);
  let deaths = 0;
  for (const when of ['before', 'after'] as const) {
    for (let write = 1; write <= writes; write += 1) {
      const { died } = await session(`${when}-${write}`, { write, when });
      if (died) deaths += 1;
    }
  }
  // One that is quicker renews its hold less often.
  assert.ok(deaths >= 2 * (writes - 2), `it was killed ${deaths} times`);
  t.diagnostic(`survived ${deaths} of ${deaths}`);
});
