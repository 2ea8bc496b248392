import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import type { ScheduleOutlook } from '#src/domain/configuration/schedule-outlook.ts';
import type { RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import {
  scheduleList,
  scheduleNames,
  scheduleTable,
  type ScheduleTableOptions,
} from '#src/report/schedules.ts';

const apiVersion = 'cli.stash.appscode.com/v1alpha1';

function configuration(
  name: string,
  spec: Partial<BackupConfiguration['spec']>,
): Stored<BackupConfiguration> {
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupConfiguration',
    metadata: {
      ...{ name, namespace: 'demo', uid: name, resourceVersion: '1' },
      creationTimestamp: '2024-11-01T00:00:00Z',
    },
    spec: {
      driver: 'VolumeSnapshotter',
      retentionPolicy: { name: 'keep-last-5', prune: true, keepLast: 5 },
      ...spec,
    },
  };
}

const lastGood: RestorePoint = {
  session: 'nightly-1732417200',
  namespace: 'demo',
  takenAt: new Date('2024-11-24T03:00:00Z'),
  claims: [],
  completeness: 'complete',
  phase: 'Succeeded',
  keeping: { pinned: false },
};
const target = { ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'foo' } } as const;
const nightly: ScheduleOutlook = {
  configuration: configuration('nightly', { schedule: '0 3 * * *', target }),
  nextDue: new Date('2024-11-25T03:00:00Z'),
  lastGood,
  overdue: false,
};
const paused: ScheduleOutlook = {
  configuration: configuration('paused', { paused: true }),
  ...{ nextDue: undefined, lastGood: undefined, overdue: true },
};
const options: ScheduleTableOptions = {
  ...{ now: new Date('2024-11-24T06:00:00Z'), zone: 'utc' as const },
  ...{ allNamespaces: false, wide: false, noHeaders: false },
};

const cells = (table: string): string[][] =>
  table
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {3,}/));

test('a schedule says when it is due, how old its last good restore point is, and whether it is overdue', () => {
  const [head, ...rows] = cells(scheduleTable([nightly, paused], options));
  assert.deepEqual(head, [
    ...['CONFIGURATION', 'WORKLOAD', 'SCHEDULE', 'NEXT DUE', 'LAST GOOD'],
    ...['AGE', 'OVERDUE', 'PAUSED'],
  ]);
  assert.deepEqual(rows, [
    [
      ...['nightly', 'deployment/foo', '0 3 * * *', '2024-11-25T03:00:00Z', '2024-11-24T03:00:00Z'],
      ...['3h', 'no', 'no'],
    ],
    // The column of the schedule is empty.
    ['paused', '<unknown>', '<none>', '<none>', '<none>', 'yes', 'yes'],
  ]);
});

test('of all namespaces and wide: with the namespace, the restore point and the policy', () => {
  const wide = { ...options, allNamespaces: true, wide: true };
  const [head = [], ...rows] = cells(scheduleTable([nightly, paused], wide));
  assert.deepEqual([head[0], ...head.slice(-2)], ['NAMESPACE', 'RESTORE POINT', 'RETENTION']);
  assert.deepEqual(
    rows.map((row) => [row[0], ...row.slice(-2)]),
    [
      ['demo', 'nightly-1732417200', 'keep-last-5'],
      ['demo', '<none>', 'keep-last-5'],
    ],
  );
  assert.deepEqual(cells(scheduleTable([nightly, paused], { ...wide, noHeaders: true })), rows);
});

test('programs get the fields that are known', () => {
  assert.deepEqual(scheduleList([nightly, paused]), {
    apiVersion,
    kind: 'ScheduleList',
    items: [
      {
        ...{ apiVersion, kind: 'Schedule', metadata: { name: 'nightly', namespace: 'demo' } },
        target: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'foo' },
        ...{ schedule: '0 3 * * *', paused: false, overdue: false, nextDue: '2024-11-25T03:00:00.000Z' },
        lastGood: { name: 'nightly-1732417200', takenAt: '2024-11-24T03:00:00.000Z' },
      },
      {
        ...{ apiVersion, kind: 'Schedule', metadata: { name: 'paused', namespace: 'demo' } },
        ...{ schedule: '', paused: true, overdue: true },
      },
    ],
  });
  assert.deepEqual(scheduleNames([nightly]), ['backupconfiguration.stash.appscode.com/nightly']);
});

test('a target that has only a kind or only a name is unknown', () => {
  for (const ref of [{ kind: 'Deployment' }, { name: 'foo' }]) {
    const outlook = { ...nightly, configuration: configuration('half', { target: { ref } }) };
    assert.equal(cells(scheduleTable([outlook], { ...options, noHeaders: true }))[0]?.[1], '<unknown>');
    assert(!('target' in (scheduleList([outlook]).items[0] ?? {})));
  }
});

test('a target without a version keeps its kind and name', () => {
  const bare = configuration('bare', { target: { ref: { kind: 'Deployment', name: 'foo' } } });
  const { items } = scheduleList([{ ...nightly, configuration: bare }]);
  assert.deepEqual(items[0]?.target, { kind: 'Deployment', name: 'foo' });
});
