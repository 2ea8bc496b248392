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
  const start = (uid: string, namespace = 'demo', what = uid) =>
    runs.start({ uid, namespace }, signal, work(what));
  const finish = (uid: string, what: string, namespace = 'demo') => {
    runs.finish({ uid, namespace }, signal, work(what));
  };
  return { runs, start, finish, end, began, ended };
}

test('runs a limited number at a time, the others in the order of their start', async () => {
  const { runs, start, end, began, ended } = openRuns(1);
  assert.equal(start('a'), 'running');
  assert.equal(start('b'), 'queued');
  assert.equal(start('c'), 'queued');
  await end('a');
  assert.deepEqual([began, ended], [['a', 'b'], ['a']]);
  assert.deepEqual([runs.state('a'), runs.state('b'), runs.state('c')], ['no', 'running', 'queued']);
});

test('finish replaces the queued work of the same session', async () => {
  const { runs, start, finish, end, began, ended } = openRuns(1);
  start('a');
  start('b', 'demo', 'b in line');
  finish('b', 'b at once');
  assert.equal(runs.state('b'), 'finishing');
  await end('a');
  assert.deepEqual(began, ['a', 'b at once']);
  await end('b at once');
  assert.deepEqual(ended, ['a', 'b']);
  assert.equal(runs.state('b'), 'no');
  assert.equal(start('b', 'demo', 'b again'), 'running');
  assert.deepEqual(began, ['a', 'b at once', 'b again']);
  await end('b again');
  await runs.stopped();
});

test('a session that is deleted while it is queued leaves the queue', async () => {
  const { runs, start, end, began } = openRuns(1);
  start('a');
  start('b');
  start('c');
  runs.forget('b');
  assert.equal(runs.state('b'), 'no');
  await end('a');
  assert.deepEqual(began, ['a', 'c']);
});
