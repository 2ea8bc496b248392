import assert from 'node:assert/strict';
import { test } from 'node:test';

import { backup } from '#src/session/kinds/backup.ts';
import type { Clock } from '#src/domain/clock.ts';
import { isStashError, StashError } from '#src/errors.ts';
import { hold } from '#src/session/holding/hold.ts';
import { persist } from '#src/session/persist.ts';
import { manualClock } from '#test/support/clock.ts';

import { oneSession, type OneSession } from './one-session.ts';

function environment({ cluster }: OneSession, signal = new AbortController().signal) {
  const clock = manualClock();
  return { cluster, clock, signal, tell: () => undefined };
}

const running = { phase: 'Running' } as const;

test('takes a session without a holder, and one that its holder has released', async () => {
  for (const before of [undefined, '']) {
    const api = oneSession(before);
    const held = await hold(environment(api), backup, api.session(), 'me');
    assert.equal(api.executor(), 'me 0');
    assert.deepEqual(held?.session(), api.session());
  }
});

test('does not take a session that is final or that another executor holds', async () => {
  for (const api of [oneSession(undefined, { phase: 'Failed' }), oneSession('other 4')]) {
    const before = api.session();
    assert.equal(await hold(environment(api), backup, before, 'me'), undefined);
    assert.equal(api.session(), before);
  }
});

test('replaces a holder that was seen dead, unless it has renewed since', async () => {
  const dead = { id: 'other', counter: 4 };
  const still = oneSession('other 4');
  assert.ok(await hold(environment(still), backup, still.session(), 'me', dead));
  assert.equal(still.executor(), 'me 0');

  const moved = oneSession('other 4');
  const seen = moved.session();
  moved.write({ executor: 'other 5' });
  assert.equal(await hold(environment(moved), backup, seen, 'me', dead), undefined);
  assert.equal(moved.executor(), 'other 5');
});

test('when two executors take a session at once, one gets it', async () => {
  for (const dead of [undefined, { id: 'dead', counter: 7 }]) {
    const api = oneSession(dead && 'dead 7');
    const found = api.session();
    const [me, you] = await Promise.all(
      ['me', 'you'].map((id) => hold(environment(api), backup, found, id, dead)),
    );
    assert.ok(me);
    assert.equal(you, undefined);
    assert.equal(api.executor(), 'me 0');
  }
});

test('takes a session that was created with its id without another write', async () => {
  const api = oneSession('me 0');
  assert.ok(await hold(environment(api), backup, api.session(), 'me'));
  assert.equal(api.patches(), 0);
});

test('takes a session despite a write of another client and a lost answer', async () => {
  const api = oneSession();
  const found = api.session();
  api.write({ status: { phase: 'Pending' } });
  api.fail('refused', 'unanswered');
  const { clock, ...env } = environment(api);
  const taking = hold({ ...env, clock }, backup, found, 'me');
  await clock.advance(1_000);
  assert.ok(await taking);
  assert.equal(api.executor(), 'me 0');
});

test('the holder increments the counter every ten seconds until it releases the session', async () => {
  const api = oneSession();
  const env = environment(api);
  const held = await hold(env, backup, api.session(), 'me');
  assert.ok(held);
  await env.clock.advance(9_999);
  assert.equal(api.executor(), 'me 0');
  await env.clock.advance(1);
  assert.equal(api.executor(), 'me 1');
  await held.writeStatus(() => running);
  await env.clock.advance(20_000);
  assert.equal(api.executor(), 'me 3');
  assert.deepEqual(held.session().status, running);
  await held.release();
  assert.equal(api.executor(), '');
  await env.clock.advance(60_000);
  assert.equal(api.executor(), '');
  assert.equal(env.clock.sleepers(), 0);
});

test("writes the status on top of other clients' writes, and renews with each annotation", async () => {
  const api = oneSession();
  const held = await hold(environment(api), backup, api.session(), 'me');
  assert.ok(held);
  const other = { type: 'BackupExecutorEnsured', status: 'True' } as const;
  const mine = { type: 'BackupDisrupted', status: 'True' } as const;
  api.write({ status: { phase: 'Running', conditions: [other] } });
  const seen: (string | undefined)[] = [];
  await held.writeStatus((present) => {
    seen.push(present?.phase);
    return { ...present, conditions: [...(present?.conditions ?? []), mine] };
  });
  assert.deepEqual(seen, [undefined, 'Running']);
  assert.deepEqual(api.session().status, { phase: 'Running', conditions: [other, mine] });
  await held.annotate({});
  assert.equal(api.executor(), 'me 1');
  await held.release();
});

test('does not release a session that has ended: the annotation names the executor that ended it', async () => {
  const api = oneSession();
  const held = await hold(environment(api), backup, api.session(), 'me');
  await held?.writeStatus(() => ({ phase: 'Succeeded' }));
  await held?.release();
  assert.equal(api.executor(), 'me 0');
});

test('the next renewal makes up for one without an answer', async () => {
  const api = oneSession();
  const env = environment(api);
  const held = await hold(env, backup, api.session(), 'me');
  api.fail('unanswered', 'refused', 'refused');
  await env.clock.advance(12_000);
  assert.equal(api.executor(), 'me 1');
  await env.clock.advance(10_000);
  assert.equal(api.executor(), 'me 2');
  assert.equal(held?.lost.aborted, false);
});

for (const [how, happen, kind, words] of [
  [
    'taken over',
    (api: OneSession) => {
      api.write({ executor: 'you 0' });
    },
    'conflict',
    /was taken over by you/,
  ],
  [
    'deleted',
    (api: OneSession) => {
      api.delete();
    },
    'session-failed',
    /was deleted while it ran/,
  ],
] as const) {
  test(`a session that is ${how} is lost at the next renewal, and the executor writes nothing more`, async () => {
    const api = oneSession();
    const env = environment(api);
    const held = await hold(env, backup, api.session(), 'me');
    assert.ok(held);
    happen(api);
    assert.equal(held.lost.aborted, false);
    await env.clock.advance(10_000);
    assert.ok(held.lost.aborted);
    assert.ok(isStashError(held.lost.reason, kind));
    assert.match(held.lost.reason.message, words);
    const patches = api.patches();
    await assert.rejects(
      held.writeStatus(() => running),
      words,
    );
    await held.release();
    await env.clock.advance(60_000);
    assert.equal(api.patches(), patches);
  });

  test(`a session that is ${how} is lost at the next write of its status`, async () => {
    const api = oneSession();
    const held = await hold(environment(api), backup, api.session(), 'me');
    happen(api);
    await assert.rejects(held?.writeStatus(() => running) ?? Promise.resolve(), words);
    assert.equal(held?.lost.aborted, true);
  });
}

test('releases the session even while a renewal gets no answer', async () => {
  const api = oneSession();
  const env = environment(api);
  const held = await hold(env, backup, api.session(), 'me');
  api.fail(...Array.from({ length: 3 }, () => 'refused' as const));
  await env.clock.advance(10_500);
  const patches = api.patches();
  assert.equal(patches, 3);
  api.fail();
  await held?.release();
  assert.equal(api.executor(), '');
});

function at(clock: Clock, signal = new AbortController().signal, told: string[] = []) {
  return { clock, signal, tell: (line: string) => void told.push(line) };
}

test('a request that fails for long is told of once, and given up in the end', async () => {
  const clock = manualClock();
  const told: string[] = [];
  const trouble = new StashError('server', 'no endpoints available for service "policy"');
  const work = persist(at(clock, undefined, told), () => Promise.reject(trouble));
  const end = assert.rejects(work, trouble);
  await clock.advance(4_900);
  assert.deepEqual(told, []);
  await clock.advance(200);
  assert.deepEqual(told, ['still waiting: no endpoints available for service "policy"']);
  await clock.advance(10 * 60_000);
  await end;
  assert.equal(told.length, 1);
});

test('a request without an answer is told of, and given up at the limit of the command', async () => {
  const clock = manualClock();
  const told: string[] = [];
  const until = new Date(clock.now().getTime() + 8_000);
  const work = persist({ ...at(clock, undefined, told), until }, () => new Promise(() => undefined));
  const end = assert.rejects(work, { kind: 'unreachable', message: 'the server does not answer' });
  await clock.advance(5_000);
  assert.deepEqual(told, ['still waiting: the server has not answered for 5s']);
  await clock.advance(3_000);
  await end;
});

test('retries transient errors with growing pauses', async () => {
  const clock = manualClock();
  const began = clock.now().getTime();
  const sent: number[] = [];
  const told: string[] = [];
  const write = () => {
    sent.push(clock.now().getTime() - began);
    return Promise.reject(new StashError(sent.length % 2 === 0 ? 'server' : 'unreachable', 'trouble'));
  };
  const until = new Date(began + 20_000);
  const work = persist(at(clock), write, { until, onTrouble: ({ message }) => told.push(message) });
  const end = assert.rejects(work, /trouble/);
  await clock.advance(20_000);
  await end;
  assert.deepEqual(sent, [0, 250, 750, 1_750, 3_750, 7_750, 15_750, 20_000]);
  assert.equal(told.length, sent.length - 1);
});

test('does not retry other errors, nor anything after an interruption', async () => {
  const clock = manualClock();
  const conflict = new StashError('conflict', 'was modified');
  const stop = new AbortController();
  await assert.rejects(
    persist(at(clock, stop.signal), () => Promise.reject(conflict)),
    conflict,
  );
  const trouble = new StashError('unreachable', 'no route');
  const work = persist(at(clock, stop.signal), () => Promise.reject(trouble));
  const end = assert.rejects(work, trouble);
  await clock.advance(1);
  stop.abort();
  await end;
  assert.equal(clock.sleepers(), 0);
});

test("retries a 'forbidden' only after an outage: a starting server may not know all roles yet", async () => {
  const clock = manualClock();
  const forbidden = new StashError('forbidden', 'user "dev" may not create volumesnapshots');
  const answers = (...errors: StashError[]) => {
    const left = [...errors];
    return () => {
      const error = left.shift();
      return error ? Promise.reject(error) : Promise.resolve('done');
    };
  };
  await assert.rejects(persist(at(clock), answers(forbidden)), forbidden);
  const trouble = new StashError('unreachable', 'connection refused');
  const starting = persist(at(clock), answers(trouble, forbidden, forbidden));
  await clock.advance(10_000);
  assert.equal(await starting, 'done');
  const refused = persist(at(clock), answers(trouble, forbidden, forbidden, forbidden, forbidden));
  const end = assert.rejects(refused, forbidden);
  await clock.advance(10_000);
  await end;
});

test('reports writes without an answer until they have one', async () => {
  const api = oneSession();
  const env = environment(api);
  const held = await hold(env, backup, api.session(), 'me');
  assert.ok(held);
  let rings = 0;
  held.trouble.onChange(() => (rings += 1));
  api.fail('refused', 'refused');
  await env.clock.advance(10_000);
  assert.equal(held.trouble.words(), 'connection refused');
  await env.clock.advance(1_000);
  assert.deepEqual([held.trouble.words(), rings, api.executor()], [undefined, 2, 'me 1']);

  const { promise, resolve } = Promise.withResolvers<undefined>();
  const slow: typeof api.cluster.patch = async (...args) => {
    await promise;
    return api.cluster.patch(...args);
  };
  const other = await hold({ ...env, cluster: { ...api.cluster, patch: slow } }, backup, api.session(), 'me');
  assert.ok(other);
  await held.release();
  await env.clock.advance(10_000);
  assert.equal(other.trouble.words(), undefined);
  await env.clock.advance(5_000);
  assert.equal(other.trouble.words(), 'the server has not answered for 5s');
  resolve(undefined);
  await env.clock.advance(1);
  assert.equal(other.trouble.words(), undefined);
});

test('tries to write a status until the given time, also behind a pending write', async () => {
  const api = oneSession();
  const env = environment(api);
  const held = await hold(env, backup, api.session(), 'me');
  assert.ok(held);
  api.fail(...Array.from({ length: 50 }, () => 'refused' as const));
  await env.clock.advance(10_000);
  const until = new Date(env.clock.now().getTime() + 30_000);
  let isOver = false;
  const end = assert
    .rejects(
      held.writeStatus(() => running, until),
      /connection refused/,
    )
    .then(() => {
      isOver = true;
    });
  await env.clock.advance(29_999);
  assert.equal(isOver, false);
  await env.clock.advance(1);
  await end;
  assert.equal(api.session().status, undefined);
});
