import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import fc from 'fast-check';

import type { Job, Stored } from '#src/api/kubernetes.ts';
import { jobs } from '#src/api/resources.ts';
import type { Cluster, WatchEvent } from '#src/cluster/port.ts';
import { followedKind } from '#src/operator/follow-kind.ts';

function job(name: string, version: number, uid = name): Stored<Job> {
  const metadata = { name, namespace: 'demo', uid, resourceVersion: String(version), creationTimestamp: '' };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata };
}

/** A watch that delivers the events that the test sends. */
function stage() {
  const events: WatchEvent<Job>[] = [];
  let wake = (): void => undefined;
  const watch = async function* () {
    for (;;) {
      yield* events.splice(0);
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const cache = followedKind(jobs, {}, (object) => object);
  const told: string[] = [];
  cache.onChange(({ metadata }, deleted) => {
    told.push(`${deleted ? '-' : '+'}${metadata.name}@${metadata.resourceVersion}`);
  });
  void cache.follow({ watch } as never as Cluster, new AbortController().signal);
  return {
    cache,
    told,
    tell: async (...more: WatchEvent<Job>[]) => {
      events.push(...more);
      wake();
      await setImmediate();
    },
    state: () =>
      [...cache.list()].map(({ metadata }) => `${metadata.uid}@${metadata.resourceVersion}`).sort(),
  };
}

const listed = (resourceVersion: number, ...items: Stored<Job>[]): WatchEvent<Job> => ({
  type: 'listed',
  items,
  resourceVersion: String(resourceVersion),
});
const changed = (object: Stored<Job>): WatchEvent<Job> => ({ type: 'changed', object });
const deleted = (object: Stored<Job>): WatchEvent<Job> => ({ type: 'deleted', object });

test('holds the objects that the watch delivered, by namespace, and reports each change once', async () => {
  const { cache, told, tell } = stage();
  let synced = false;
  void cache.synced.then(() => (synced = true));
  await setImmediate();
  assert.equal(synced, false);
  await tell(listed(5, job('a', 3), job('b', 4)));
  assert.equal(synced, true);
  await tell(changed(job('a', 6)), deleted(job('b', 7)), { type: 'lost', why: 'cut' });
  assert.equal(cache.get('demo', 'a')?.metadata.resourceVersion, '6');
  assert.equal(cache.get('demo', 'b'), undefined);
  assert.equal(cache.get('other', 'a'), undefined);
  assert.deepEqual([[...cache.list('demo')].length, [...cache.list('other')].length], [1, 0]);
  // A new list: unchanged objects are no change, missing ones were deleted.
  await tell(listed(9, job('c', 8)), listed(9, job('c', 8)));
  assert.deepEqual(told, ['+a@3', '+b@4', '+a@6', '-b@4', '-a@6', '+c@8']);
});

const rows: [
  name: string,
  events: WatchEvent<Job>[],
  learned: Stored<Job>,
  later: WatchEvent<Job>[],
  state: string[],
][] = [
  ['newer than the watch: visible at once', [listed(5, job('a', 3))], job('a', 7), [], ['a@7']],
  ['older than the watch: ignored', [listed(5), changed(job('a', 9))], job('a', 7), [], ['a@9']],
  ['new: visible at once', [listed(5)], job('a', 6), [], ['a@6']],
  [
    'deleted before the response arrived: stays deleted',
    [listed(5), changed(job('a', 6)), deleted(job('a', 7))],
    job('a', 6),
    [],
    [],
  ],
  ['deleted while the connection was lost: stays deleted', [listed(5), listed(9)], job('a', 6), [], []],
  [
    'the later watch event changes nothing',
    [listed(5)],
    job('a', 8),
    [changed(job('a', 6)), changed(job('a', 8))],
    ['a@8'],
  ],
  ['listed before it was written: stays', [listed(5)], job('a', 8), [listed(7)], ['a@8']],
  ['listed after it was deleted: removed', [listed(5)], job('a', 8), [listed(9)], []],
  [
    "made again under its name: the old one's end is not its end",
    [listed(5, job('a', 3, 'old'))],
    job('a', 8, 'new'),
    [deleted(job('a', 7, 'old'))],
    ['new@8'],
  ],
  [
    'a response about an earlier object of the same name: ignored',
    [listed(5), changed(job('a', 8, 'new'))],
    job('a', 4, 'old'),
    [],
    ['new@8'],
  ],
  [
    'versions compare as numbers, not as strings',
    [listed(5), changed(job('a', 10))],
    job('a', 9),
    [],
    ['a@10'],
  ],
];

for (const [name, events, learned, later, state] of rows) {
  test(`the response to our own write, ${name}`, async () => {
    const play = stage();
    await play.tell(...events);
    play.cache.learn(learned);
    await play.tell(...later);
    assert.deepEqual(play.state(), state);
  });
}

/** The history of an API server: each version writes or deletes one object. */
const history = fc.array(fc.record({ name: fc.constantFrom('a', 'b'), deletes: fc.boolean() }), {
  maxLength: 30,
});

test('responses may arrive at any time: in the end the cache equals the state of the API server', async () => {
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.array(fc.nat(6), { minLength: 30, maxLength: 30 }),
      async (steps, delays) => {
        const { tell, cache, state } = stage();
        await tell(listed(1));
        const server = new Map<string, Stored<Job>>();
        const late: { readonly at: number; readonly object: Stored<Job> }[] = [];
        for (const [n, { name, deletes }] of steps.entries()) {
          const version = n + 2;
          const known = server.get(name);
          const answers = () => {
            for (const { object, at } of late) if (at === n) cache.learn(object);
          };
          answers();
          if (deletes && known === undefined) continue;
          const object = job(name, version, known?.metadata.uid ?? `${name}${version}`);
          const isAnsweredFirst = delays[n] === 0;
          if (!deletes) late.push({ at: n + (delays[n] ?? 0), object });
          if (isAnsweredFirst && !deletes) cache.learn(object);
          await tell(deletes ? deleted(object) : changed(object));
          if (deletes) server.delete(name);
          else server.set(name, object);
        }
        for (const { object } of late) cache.learn(object);
        const held = [...server.values()].map(
          ({ metadata }) => `${metadata.uid}@${metadata.resourceVersion}`,
        );
        assert.deepEqual(state(), held.sort());
      },
    ),
  );
});
