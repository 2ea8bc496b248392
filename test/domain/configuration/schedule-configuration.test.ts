import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { HookHandler, RetentionPolicy } from '#src/api/stash.ts';
import { buildConfiguration } from '#src/domain/backup/build-backup.ts';
import { checkConfiguration } from '#src/domain/operator/check-configuration.ts';
import {
  buildScheduled,
  changeOf,
  changes,
  keepAll,
  merged,
  nextRuns,
  type ScheduleWishes,
} from '#src/domain/configuration/schedule-configuration.ts';

const target = { kind: 'StatefulSet', name: 'db', namespace: 'demo' } as const;

const count = fc.integer({ min: 1, max: 50 });
const hook = count.map((seconds): HookHandler => ({
  exec: { command: ['sleep', String(seconds)] },
  containerName: 'main',
}));
const wishes: fc.Arbitrary<ScheduleWishes> = fc.record(
  {
    schedule: fc.constantFrom('0 3 * * *', '@hourly', '*/7 1-5 * * MON'),
    retention: fc.oneof(
      fc.constant(keepAll),
      count.map((keepLast): RetentionPolicy => ({ name: 'some', prune: true, keepLast })),
      count.map((keepDaily): RetentionPolicy => ({ name: 'some', prune: true, keepDaily })),
    ),
    snapshotClass: fc.constantFrom('fast', 'slow'),
    replicas: count,
    paused: fc.boolean(),
    timeoutMs: fc.integer({ min: 1_000, max: 10_000_000 }),
    historyLimit: count,
    retries: fc.integer({ min: 0, max: 10 }),
    retryDelayMs: fc.integer({ min: 0, max: 1_000_000 }),
    pre: hook,
    post: hook,
  },
  { requiredKeys: [], noNullPrototype: true },
);

test('a new configuration is valid, and the same flags do not change it', () => {
  fc.assert(
    fc.property(wishes, (wished) => {
      const built = buildScheduled(target, 'db-nightly', { schedule: '@daily', ...wished });
      assert.deepEqual(checkConfiguration(built).problems, []);
      assert.equal(changes(built.spec, changeOf(built, wished)), false);
    }),
  );
});

test('a change applies all flags, keeps the other fields, and changes nothing when repeated', () => {
  fc.assert(
    fc.property(wishes, wishes, (first, second) => {
      const { metadata, ...built } = buildScheduled(target, 'db', { schedule: '@daily', ...first });
      const change = changeOf({ ...built, metadata }, second);
      const spec = merged(built.spec, change);
      assert.equal(changes(spec, changeOf({ ...built, metadata, spec }, second)), false);
      const both = buildScheduled(target, 'db', { schedule: '@daily', ...first, ...second });
      assert.deepEqual(spec, both.spec);
    }),
  );
});

test('the placeholder for snapshots on demand is no longer paused, unless the flags ask for it', () => {
  const placeholder = buildConfiguration(target);
  const change = { schedule: '@daily', retention: { name: 'a', prune: true, keepLast: 3 } };
  assert.equal(merged(placeholder.spec, changeOf(placeholder, change)).paused, false);
  assert.equal(merged(placeholder.spec, changeOf(placeholder, { ...change, paused: true })).paused, true);
});

test('the next runs, in order', () => {
  const from = new Date('2026-02-27T23:59:59.500Z');
  assert.deepEqual(nextRuns('0 3 * * *', from, 3), [
    '2026-02-28T03:00:00Z',
    '2026-03-01T03:00:00Z',
    '2026-03-02T03:00:00Z',
  ]);
  assert.deepEqual(nextRuns('0 0 31 2 *', from, 3), []);
});
