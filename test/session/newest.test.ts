/** What an executor that swaps volumes takes for the present state: the newer of watch and answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims } from '#src/api/resources.ts';
import { observe } from '#src/cluster/observe.ts';
import type { Cluster, WatchEvent } from '#src/cluster/port.ts';
import { newestOf, type Newest } from '#src/session/in-place/newest.ts';
import { claim } from '#test/domain/objects.ts';

type Claim = PersistentVolumeClaim;

function at(name: string, resourceVersion: string): Stored<Claim> {
  return claim(name, { metadata: { name, resourceVersion } });
}

function listed(...items: Stored<Claim>[]): WatchEvent<Claim> {
  return { type: 'listed', items, resourceVersion: '100' };
}

/** Takes in the answers after the first event, and then the other events. */
async function after(
  answers: readonly Stored<Claim>[],
  [first, ...events]: readonly WatchEvent<Claim>[],
): Promise<Record<string, string>> {
  const opened = Promise.withResolvers<Newest<Claim>>();
  const ended = Promise.withResolvers<undefined>();
  async function* watch() {
    if (first) yield first;
    const newest = await opened.promise;
    for (const answer of answers) newest.learn(answer);
    yield* events;
    ended.resolve(undefined);
  }
  const cluster = { watch } as unknown as Cluster;
  const { signal } = new AbortController();
  const observed = observe(cluster, persistentVolumeClaims, {}, signal, () => undefined);
  const newest = newestOf(observed);
  opened.resolve(newest);
  await ended.promise;
  return Object.fromEntries(
    [...newest.items()].map(([name, { metadata }]) => [name, metadata.resourceVersion]),
  );
}

const cases: readonly [string, readonly Stored<Claim>[], readonly WatchEvent<Claim>[], object][] = [
  ['an answer is newer than the list', [at('data', '2')], [listed(at('data', '1'))], { data: '2' }],
  ['an answer tells of a new object', [at('data', '2')], [listed()], { data: '2' }],
  [
    'the watch is newer than an answer',
    [at('data', '9')],
    [listed(at('data', '1')), { type: 'changed', object: at('data', '10') }],
    { data: '10' },
  ],
  [
    'the watch reports the object deleted',
    [at('data', '2')],
    [listed(at('data', '1')), { type: 'deleted', object: at('data', '3') }],
    {},
  ],
  [
    'the object was deleted while the connection was lost',
    [at('data', '2')],
    [listed(at('data', '1')), { type: 'lost', why: 'gone' }, listed()],
    {},
  ],
  [
    'an object that is listed again was not deleted',
    [at('data', '2')],
    [listed(at('data', '1')), { type: 'lost', why: 'gone' }, listed(at('data', '1'))],
    { data: '2' },
  ],
];

for (const [when, answers, events, expected] of cases) {
  test(`the newest state where ${when}`, async () => {
    assert.deepEqual(await after(answers, events), expected);
  });
}
