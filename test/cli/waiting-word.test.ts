import assert from 'node:assert/strict';
import { test } from 'node:test';

import { waitingWord } from '#src/cli/waiting-word.ts';
import { manualClock } from '#test/support/clock.ts';
import { testContext, type TestContextOptions } from '#test/support/context.ts';

const host = '192.0.2.1:6443';
const erased = '\u001b[G\u001b[K';

function watch(options: TestContextOptions) {
  const clock = manualClock();
  const context = testContext({ ...options, clock });
  const warned: string[] = [];
  const onRequest = waitingWord(context, `https://${host}/path`, (words) => void warned.push(words));
  return { clock, onRequest, warned, text: () => context.stderr() };
}

test('on a terminal, a line tells what the command waits for until the server answers', async () => {
  const { clock, onRequest, text } = watch({ isTTY: true });
  const [first, second] = [onRequest(), onRequest()];
  await clock.advance(99);
  assert.equal(text(), '');
  await clock.advance(1);
  assert.equal(text(), `waiting for ${host} ...`);
  second(true);
  assert.equal(text(), `waiting for ${host} ...${erased}`);
  first(true);
  onRequest();
  await clock.advance(60_000);
  assert.equal(text(), `waiting for ${host} ...${erased}`);
});

test('a server that answers at once is not told of', async () => {
  for (const isTTY of [false, true]) {
    const { clock, onRequest, text, warned } = watch({ isTTY });
    onRequest()(true);
    await clock.advance(60_000);
    assert.deepEqual([text(), warned, clock.sleepers()], ['', [], 0]);
  }
});

test('an attempt that fails takes the line away, and the next one shows it again', async () => {
  const { clock, onRequest, text } = watch({ isTTY: true });
  const first = onRequest();
  await clock.advance(3_000);
  first(false);
  assert.equal(text(), `waiting for ${host} ...${erased}`);
  await clock.advance(1_000);
  onRequest();
  await clock.advance(0);
  assert.equal(text(), `waiting for ${host} ...${erased}waiting for ${host} ...`);
});

test('an attempt that fails takes the line away although another goes on: the command may print why', async () => {
  const { clock, onRequest, text } = watch({ isTTY: true });
  const [first] = [onRequest(), onRequest()];
  await clock.advance(3_000);
  first(false);
  await clock.advance(60_000);
  assert.equal(text(), `waiting for ${host} ...${erased}`);
});

test('a dumb terminal gets one line', async () => {
  const { clock, onRequest, text } = watch({ isTTY: true, env: { TERM: 'dumb' } });
  const first = onRequest();
  await clock.advance(1_000);
  first(false);
  onRequest();
  await clock.advance(1_000);
  assert.equal(text(), `waiting for ${host} ...\n`);
});

test('without a terminal, one warning comes after 5 s, also if an attempt has failed meanwhile', async () => {
  const { clock, onRequest, text, warned } = watch({ isTTY: false });
  const first = onRequest();
  await clock.advance(4_000);
  first(false);
  onRequest();
  await clock.advance(999);
  assert.deepEqual(warned, []);
  await clock.advance(60_000);
  assert.deepEqual([text(), warned], ['', [`${host} has not answered for 5s`]]);
});
