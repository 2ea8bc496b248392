import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import fc from 'fast-check';

import { follow } from './follow.ts';
import { startScriptedApi, status, type ScriptedApi } from './scripted-api.ts';

async function scripted(t: TestContext): Promise<ScriptedApi> {
  const api = await startScriptedApi();
  t.after(() => api.stop());
  return api;
}

function watchesOf(api: ScriptedApi): string[] {
  return api.requests.filter((request) => request.includes('watch=true'));
}

interface Outage {
  readonly name: string;
  readonly strike: (api: ScriptedApi) => void;
  readonly told: readonly string[];
  readonly waited?: (slept: number[]) => void;
  /** Set only if silence is the outage under test: a busy machine may be silent for a moment anyway. */
  readonly watchSilence?: number;
}

const outages: Outage[] = [
  {
    name: 'connection reset',
    strike: (api) => {
      api.cutWatches();
    },
    told: ['listed', 'lost', 'listed'],
  },
  {
    name: '410 as an event',
    strike: (api) => {
      api.expireWatches();
    },
    told: ['listed', 'listed'],
  },
  {
    name: '410 over HTTP',
    strike: (api) => {
      api.closeWatches();
      api.faults.push({ answer: 410, body: status(410, 'Expired', 'too old resource version') });
    },
    told: ['listed', 'listed'],
  },
  {
    name: 'a connection that goes silent',
    strike: (api) => {
      api.muteWatches();
    },
    told: ['listed'],
    watchSilence: 400,
  },
  {
    name: '429 with Retry-After',
    strike: (api) => {
      api.closeWatches();
      api.faults.push({ answer: 429, headers: { 'Retry-After': '7' } });
    },
    told: ['listed', 'lost', 'listed'],
    waited: (slept) => {
      assert.deepEqual(slept, [7000]);
    },
  },
  {
    name: '5xx, again and again',
    strike: (api) => {
      api.closeWatches();
      api.faults.push({ answer: 503 }, { answer: 500 }, { answer: 502 }, { answer: 504 });
    },
    told: ['listed', 'lost', 'listed'],
    waited: (slept) => {
      assert.equal(slept.length, 4);
      assert.ok((slept[3] ?? 0) > (slept[0] ?? 0), String(slept));
    },
  },
  {
    name: 'broken connections, also of lists',
    strike: (api) => {
      api.cutWatches();
      api.faults.push({ cut: 'midway' }, { cut: 'before' });
    },
    told: ['listed', 'lost', 'listed'],
  },
];

for (const { name, strike, told, waited, watchSilence = 60_000 } of outages) {
  test(`survives: ${name}`, async (t) => {
    const api = await scripted(t);
    api.put('first');
    api.put('gone');
    using follower = follow(api, { watchSilence, settled: 60_000, random: () => 0 });
    await follower.until('gone');
    const next = follower.next();
    await api.watched();
    strike(api);
    api.remove('gone');
    api.put('last');
    await next;
    assert.deepEqual(await follower.until('last'), api.state());
    assert.deepEqual(
      follower.types.filter((type) => type === 'listed' || type === 'lost'),
      told,
    );
    waited?.(follower.slept);
    await follower.stop();
  });
}

test('survives: a server that restarts', async (t) => {
  const api = await scripted(t);
  api.put('first');
  using follower = follow(api);
  await follower.until('first');
  const lost = follower.next();
  await api.watched();
  await api.stop();
  assert.equal((await lost)?.type, 'lost');
  const listed = follower.next();
  api.put('last');
  await api.start();
  assert.equal((await listed)?.type, 'listed');
  assert.deepEqual(await follower.until('last'), api.state());
  assert.deepEqual(follower.types, ['listed', 'lost', 'listed']);
  await follower.stop();
});

test('continues from the last bookmark without an event if the server closes the connection', async (t) => {
  const api = await scripted(t);
  api.put('first');
  using follower = follow(api, { settled: 0 });
  await follower.until('first');
  const next = follower.next();
  await api.watched();
  api.bookmark();
  api.closeWatches();
  api.put('last');
  await next;
  assert.deepEqual(await follower.until('last'), api.state());
  assert.deepEqual(follower.types, ['listed', 'changed']);
  assert.match(
    watchesOf(api).at(-1) ?? '',
    /allowWatchBookmarks=true&resourceVersion=2&timeoutSeconds=2\d\d$/,
  );
  await follower.stop();
});

test('after a bookmark that is not an object, it tells so and lists again', async (t) => {
  const api = await scripted(t);
  api.put('first');
  using follower = follow(api);
  await follower.until('first');
  const next = follower.next();
  await api.watched();
  api.bookmark(null);
  assert.deepEqual(await next, { type: 'lost', why: "the server's answer is not a Pod" });
  assert.equal((await follower.next())?.type, 'listed');
  await follower.stop();
});

test('a slow reader gets every change, in order', async (t) => {
  const api = await scripted(t);
  api.put('first');
  using follower = follow(api);
  await follower.until('first');
  const next = follower.next();
  await api.watched();
  for (let n = 0; n < 2000; n++) api.put(`pod-${n}`);
  await next;
  for (let n = 0; n < 50; n++) await turn();
  await follower.until('pod-1999');
  const versions = follower.events.flatMap((event) =>
    event.type === 'changed' ? [Number(event.object.metadata.resourceVersion)] : [],
  );
  assert.deepEqual(
    versions,
    [...Array(2000).keys()].map((n) => n + 3),
  );
  await follower.stop();
});

test('tells that a server is not running yet, and then starts with listed', async (t) => {
  const api = await scripted(t);
  api.put('first');
  await api.stop();
  using follower = follow(api);
  const next = follower.next();
  await turn();
  assert.equal((await next)?.type, 'lost');
  const listed = follower.next();
  await api.start();
  assert.equal((await listed)?.type, 'listed');
  await follower.stop();
});

for (const [code, reason, kind] of [
  [401, 'Unauthorized', 'unauthorized'],
  [403, 'Forbidden', 'forbidden'],
  [404, 'NotFound', 'precondition'],
] as const) {
  test(`rejects if the server answers ${code}`, async (t) => {
    const api = await scripted(t);
    api.faults.push({ answer: code, body: status(code, reason, 'no') });
    using follower = follow(api);
    await assert.rejects(follower.next(), { reason, kind });
  });
}

test('a watch waits for a right that is missing for a moment, and rejects if it stays missing', async (t) => {
  const api = await scripted(t);
  const refusal = { answer: 403, body: status(403, 'Forbidden', 'no') };
  using follower = follow(api);
  await follower.next();
  const lost = follower.next();
  await api.watched();
  api.faults.push(refusal, refusal);
  api.cutWatches();
  assert.equal((await lost)?.type, 'lost');
  assert.equal((await follower.next())?.type, 'listed');
  const again = follower.next();
  await api.watched();
  api.faults.push(refusal, refusal, refusal, refusal);
  api.cutWatches();
  assert.equal((await again)?.type, 'lost');
  await assert.rejects(follower.next(), { reason: 'Forbidden' });
});

test('ends without an error when the signal aborts, in any state', async (t) => {
  const api = await scripted(t);
  using idle = follow(api);
  await idle.next();
  const pending = idle.next();
  await api.watched();
  await idle.stop();
  assert.equal(await pending, undefined);
  using hanging = follow(api);
  api.faults.push({ hang: true });
  const first = hanging.next();
  await hanging.stop();
  assert.equal(await first, undefined);
});

const names = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const changes = fc.oneof(
  names.map((name) => (api: ScriptedApi) => {
    api.put(name);
  }),
  names.map((name) => (api: ScriptedApi) => {
    api.remove(name);
  }),
);
const troubles = fc.constantFrom<(api: ScriptedApi) => unknown>(
  (api) => {
    api.cutWatches();
  },
  (api) => {
    api.closeWatches();
  },
  (api) => {
    api.muteWatches();
  },
  (api) => {
    api.expireWatches();
  },
  (api) => {
    api.compact();
  },
  (api) => {
    api.bookmark();
  },
  (api) => api.faults.push({ answer: 503 }),
  (api) => api.faults.push({ answer: 429, headers: { 'Retry-After': '1' } }),
  (api) => api.faults.push({ answer: 410 }),
  (api) => api.faults.push({ cut: 'before' }),
  (api) => api.faults.push({ cut: 'midway' }),
  async (api) => {
    await api.stop();
    await api.start();
  },
);
const steps = fc.tuple(
  fc.oneof({ weight: 3, arbitrary: changes }, { weight: 2, arbitrary: troubles }),
  // How many turns of the event loop pass before the next step, or until the watch is open again, so that
  // steps hit every state of the watch.
  fc.oneof(fc.integer({ min: 0, max: 25 }), fc.constant('watched' as const)),
);

test('after any sequence of faults, its state converges to that of the server', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 30 }), async (script) => {
      await using api = await startScriptedApi();
      using follower = follow(api, { watchSilence: 15, backoff: 1, maxBackoff: 4 });
      const done = follower.until('sentinel');
      await api.watched();
      for (const [play, pause] of script) {
        await play(api);
        if (pause === 'watched') await api.watched();
        else for (let n = 0; n < pause; n++) await turn();
      }
      api.put('sentinel');
      assert.deepEqual(await done, api.state());
      await follower.stop();
    }),
    { numRuns: 40 },
  );
});
