import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { label } from '#src/api/labels.ts';
import type { HookHandler, RetentionPolicy } from '#src/api/stash.ts';
import { buildConfiguration } from '#src/domain/backup/build-backup.ts';
import { checkConfiguration } from '#src/domain/operator/check-configuration.ts';
import {
  buildScheduled,
  changeOf,
  changes,
  checkOurs,
  keepAll,
  merged,
  missingWishes,
  nextRuns,
  type ScheduleWishes,
} from '#src/domain/configuration/schedule-configuration.ts';

import { stored, withoutDriver } from '#test/domain/objects.ts';

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

test('a new configuration has what was asked for, and leaves the rest to its defaults', () => {
  const pre = { exec: { command: ['freeze'] } };
  const post = { exec: { command: ['thaw'] } };
  const named = (spec: object) => {
    const { metadata, ...built } = buildScheduled(target, 'db-nightly', spec);
    assert.equal(metadata.name, 'db-nightly');
    assert.equal(metadata.labels?.[label.invokerName], 'db-nightly');
    return built.spec;
  };
  const ref = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' };
  const bare = named({ schedule: '@daily' });
  assert.deepEqual(bare, {
    ...{ driver: 'VolumeSnapshotter', schedule: '@daily', paused: false },
    ...{ target: { ref }, retentionPolicy: { name: 'keep-all', prune: false } },
  });
  const full = named({
    ...{ schedule: '@daily', paused: true, snapshotClass: 'fast', replicas: 2, historyLimit: 3, pre, post },
    ...{
      timeoutMs: 90_000,
      retries: 0,
      retryDelayMs: 20_000,
      retention: { name: 'a', prune: true, keepLast: 3 },
    },
  });
  assert.deepEqual(full, {
    ...{ driver: 'VolumeSnapshotter', schedule: '@daily', paused: true },
    ...{ target: { ref, replicas: 2, snapshotClassName: 'fast' } },
    ...{
      retentionPolicy: { name: 'a', prune: true, keepLast: 3 },
      hooks: { preBackup: pre, postBackup: post },
    },
    ...{ timeOut: '1m30s', backupHistoryLimit: 3, retryConfig: { maxRetry: 0, delay: '20s' } },
  });
  assert.deepEqual(named({ pre }).hooks, { preBackup: pre });
  assert.deepEqual(named({ post }).hooks, { postBackup: post });
  assert.deepEqual(named({ retries: 2 }).retryConfig, { maxRetry: 2 });
});

test('a change names only what was asked for, and takes the place of the old policy or hook as a whole', () => {
  const existing = buildScheduled(target, 'db', { schedule: '@daily' });
  const exec = { command: ['true'] };
  const none = { tcpSocket: null, httpGet: null, httpPost: null, containerName: null };
  const rules = { keepLast: 3, keepHourly: null, keepDaily: null, keepWeekly: null };
  const rows: [ScheduleWishes, object][] = [
    [{}, {}],
    [{ schedule: '@hourly' }, { schedule: '@hourly' }],
    [{ paused: false }, { paused: false }],
    [{ replicas: 2 }, { target: { replicas: 2 } }],
    [{ snapshotClass: 'fast' }, { target: { snapshotClassName: 'fast' } }],
    [
      { historyLimit: 0, timeoutMs: 0 },
      { backupHistoryLimit: 0, timeOut: '0s' },
    ],
    [{ retryDelayMs: 0 }, { retryConfig: { delay: '0s' } }],
    [{ pre: { exec } }, { hooks: { preBackup: { ...none, exec } } }],
    [{ post: { exec } }, { hooks: { postBackup: { ...none, exec } } }],
    [
      { retention: { name: 'a', prune: true, keepLast: 3 } },
      {
        retentionPolicy: {
          ...{ name: 'a', prune: true, ...rules, keepMonthly: null, keepYearly: null, dryRun: null },
        },
      },
    ],
  ];
  for (const [wished, change] of rows) assert.deepEqual(changeOf(existing, wished), change);
});

test('a merge patch sets, removes and merges fields, and changes nothing where all are so already', () => {
  const value = { a: 1, list: [1], deep: { x: 1, y: 2 }, nil: null };
  const rows: [patch: object, result: object | undefined][] = [
    [{}, undefined],
    [
      { a: 1, list: [1], deep: { x: 1 }, absent: null, nil: null },
      { a: 1, list: [1], deep: { x: 1, y: 2 } },
    ],
    [{ a: 2 }, { ...value, a: 2 }],
    [{ a: null }, { list: [1], deep: { x: 1, y: 2 }, nil: null }],
    [{ list: [2] }, { ...value, list: [2] }],
    [{ list: { x: 1 } }, { ...value, list: { x: 1 } }],
    [{ deep: { y: null, z: 3 } }, { ...value, deep: { x: 1, z: 3 } }],
    [{ deep: [1] }, { ...value, deep: [1] }],
    [{ a: { x: 1 } }, { ...value, a: { x: 1 } }],
    [{ nil: { x: 1 } }, { ...value, nil: { x: 1 } }],
    [{ new: { x: { z: 1 } } }, { ...value, new: { x: { z: 1 } } }],
  ];
  for (const [index, [patch, result]] of rows.entries()) {
    assert.deepEqual(merged(value, patch), result ?? value, JSON.stringify(patch));
    assert.equal(changes(value, patch), index > 1, JSON.stringify(patch));
  }
  assert.equal(changes(undefined, { a: null }), false);
  assert.equal(changes(undefined, { a: 1 }), true);
});

test('only a configuration of this program for this workload is changed', () => {
  const ours = stored(buildScheduled(target, 'db', { schedule: '@daily' }));
  const unlabelled = { ...ours, metadata: { ...ours.metadata } };
  delete unlabelled.metadata.labels;
  const withSpec = (spec: object) => ({ ...ours, spec: { ...ours.spec, ...spec } });
  const rows: [typeof ours, why: string | undefined][] = [
    [ours, undefined],
    [{ ...ours, metadata: { ...ours.metadata, deletionTimestamp: 'x' } }, 'is being deleted'],
    [
      withSpec({ target: { ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } } }),
      'is for deployment/web, not for statefulset/db',
    ],
    [withSpec({ target: {} }), 'is for something else, not for statefulset/db'],
    [withSpec({ driver: 'Kopia' }), 'has driver Kopia, and only VolumeSnapshotter takes snapshots'],
    [withoutDriver(ours), 'has driver Restic, and only VolumeSnapshotter takes snapshots'],
    [unlabelled, 'was not created by this program, which changes only its own'],
    [
      { ...ours, metadata: { ...ours.metadata, labels: { [label.managedBy]: 'helm' } } },
      'was not created by this program, which changes only its own',
    ],
  ];
  for (const [existing, why] of rows) {
    const hint =
      'give yours another name with --name, or change that one:\nkubectl edit backupconfiguration db -n demo';
    const expected =
      why === undefined
        ? []
        : [{ level: 'fail', kind: 'precondition', message: `backupconfiguration/db ${why}`, hint }];
    assert.deepEqual(checkOurs(existing, target), expected);
  }
});

test('a schedule that begins needs its times, and how long its restore points stay', () => {
  const said = (wished: ScheduleWishes) =>
    missingWishes(wished).map(({ kind, message, hint }) => `${kind}: ${message} (${hint ?? ''})`);
  const when = 'usage: schedule needs --cron SCHEDULE (add --cron "0 3 * * *")';
  const keep =
    'usage: a --keep flag is required: without it, restore points would accumulate forever (add --keep-last 7, or --keep-all)';
  assert.deepEqual(said({}), [when, keep]);
  assert.deepEqual(said({ schedule: '@daily' }), [keep]);
  assert.deepEqual(said({ retention: keepAll }), [when]);
  assert.deepEqual(said({ schedule: '@daily', retention: keepAll }), []);
});
