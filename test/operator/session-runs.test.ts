import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createSessionRuns } from '#src/operator/session-runs.ts';
import { manualClock } from '#test/support/clock.ts';

function openRuns(atOnce: number) {
  const began: string[] = [];
  const ended: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<undefined>>();
  const runs = createSessionRuns({
    ...{ atOnce, clock: manualClock() },
    onEnd: (uid) => void ended.push(uid),
    onError: (_, error) => {
      throw error;
    },
  });
  const { signal } = new AbortController();
  const work = (what: string) => async () => {
    began.push(what);
    const gate = Promise.withResolvers<undefined>();
    gates.set(what, gate);
    await gate.promise;
  };
  const end = async (what: string) => {
    gates.get(what)?.resolve(undefined);
    await new Promise(setImmediate);
  };
  return { runs, signal, work, end, began, ended };
}

test('runs a limited number at a time, the others in the order of their start', async () => {
  const { runs, signal, work, end, began, ended } = openRuns(1);
  assert.equal(runs.start('a', signal, work('a')), 'running');
  assert.equal(runs.start('b', signal, work('b')), 'queued');
  assert.equal(runs.start('c', signal, work('c')), 'queued');
  await end('a');
  assert.deepEqual([began, ended], [['a', 'b'], ['a']]);
  assert.deepEqual([runs.state('a'), runs.state('b'), runs.state('c')], ['no', 'running', 'queued']);
});

test('startAtOnce replaces the queued work of the same session', async () => {
  const { runs, signal, work, end, began, ended } = openRuns(1);
  runs.start('a', signal, work('a'));
  runs.start('b', signal, work('b in line'));
  runs.startAtOnce('b', signal, work('b at once'));
  assert.equal(runs.state('b'), 'running');
  await end('a');
  assert.deepEqual(began, ['a', 'b at once']);
  await end('b at once');
  assert.deepEqual(ended, ['a', 'b']);
  assert.equal(runs.state('b'), 'no');
  assert.equal(runs.start('b', signal, work('b again')), 'running');
  assert.deepEqual(began, ['a', 'b at once', 'b again']);
  await end('b again');
  await runs.stopped();
});
