/** A namespace full of random objects: the operator stays well, and carries out a session of another namespace. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { reconcilers } from '#src/operator/reconcilers.ts';

import { ask } from './ask.ts';
import { backUp } from './carried-out.ts';
import { createRandomObjects } from './random-objects.ts';
import { openSessionStage } from './session-stage.ts';

const place = await openSessionStage();
const { stage } = place;
after(() => place[Symbol.asyncDispose]());

test('1,000 random objects do not disturb a session of another namespace', async (t) => {
  const operator = await place.operator({ reconcilers });
  const noisy = await stage.home(['data']);
  const seed = Date.now();
  t.diagnostic(`seed ${seed}`);
  const made = await createRandomObjects(stage.sandbox.cluster, noisy, { count: 1_000, seed });
  assert.ok(made >= 1_000, `${made} objects were admitted`);
  await backUp(place);
  assert.deepEqual(await ask(operator, '/healthz'), [200, 'ok\n']);
  // The log has the stack of an error that the program did not foresee.
  assert.deepEqual(
    operator.log.filter((line) => line.includes('"stack":')),
    [],
  );
});
