import assert from 'node:assert/strict';
import { test } from 'node:test';

import { restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { followedKind } from '#src/operator/follow-kind.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { watchSwaps } from '#src/operator/swaps.ts';
import { inPlaceSession, type InPlaceChanges } from '#test/domain/in-place/in-place-session.ts';
import { stored, target } from '#test/domain/objects.ts';
import { manualClock } from '#test/support/clock.ts';

function stage() {
  const clock = manualClock(new Date('2026-03-14T03:00:00Z'));
  const cache = followedKind(restoreSessions, {}, (object) => object);
  const swaps = watchSwaps(cache, clock);
  let version = 1;
  const learn = (changes: InPlaceChanges) => {
    const session: RestoreSession = inPlaceSession(changes);
    version += 1;
    cache.learn(stored({ ...session, metadata: { ...session.metadata, resourceVersion: String(version) } }));
  };
  return { clock, learn, found: (of: Target = target) => swaps.of(of)?.metadata.name };
}

test('a restore in place is found by its workload until it has ended', () => {
  const { learn, found } = stage();
  assert.equal(found(), undefined);
  learn({ target: { ...target, name: 'other' }, metadata: { name: 'other' } });
  assert.equal(found(), undefined);
  learn({});
  assert.equal(found(), 'restore-sts-db');
  learn({ phase: 'Succeeded' });
  assert.equal(found(), 'restore-sts-db', "AppsCode's operator has only bound the new claims");
  learn({ phase: 'Succeeded', conditions: ['restoreCompleted'] });
  assert.equal(found(), undefined);
});

test('a restore in place is found by each of its claims, in its namespace', () => {
  const { learn, found } = stage();
  learn({});
  const claim: Target = { kind: 'PersistentVolumeClaim', name: 'data-db-0', namespace: 'demo' };
  assert.equal(found(claim), 'restore-sts-db');
  assert.equal(found({ ...claim, name: 'data-db-1' }), undefined);
  for (const each of [target, claim]) assert.equal(found({ ...each, namespace: 'other' }), undefined);
});

test('another session of its name takes its place', () => {
  const { learn, found } = stage();
  learn({ metadata: { uid: 'first' } });
  learn({ metadata: { uid: 'second' }, target: { ...target, name: 'other' } });
  assert.equal(found(), undefined);
});

test('after 30 s without a sign of life it counts only where it may have stopped the workload', async () => {
  const { clock, learn, found } = stage();
  learn({ holder: 'cli-1 1' });
  await clock.advance(20_000);
  learn({ holder: 'cli-1 2' });
  await clock.advance(29_999);
  assert.equal(found(), 'restore-sts-db');
  await clock.advance(1);
  assert.equal(found(), undefined);
  learn({ holder: 'cli-1 2', record: { stopping: true } });
  assert.equal(found(), 'restore-sts-db');
  await clock.advance(3_600_000);
  assert.equal(found(), 'restore-sts-db');
});
