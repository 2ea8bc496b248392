import assert from 'node:assert/strict';
import { test } from 'node:test';

import { backupSessions } from '#src/api/resources.ts';
import { configurationChoice } from '#src/domain/checks/configuration-choice.ts';
import { configurationValid } from '#src/domain/checks/configuration-valid.ts';
import { configurations } from '#src/domain/checks/configurations.ts';
import { overdue } from '#src/domain/checks/overdue.ts';
import { schedule } from '#src/domain/checks/schedule.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { configuration, target } from '#test/domain/objects.ts';
import { snapshotOf } from '#test/domain/restore-point-objects.ts';

import { good, hoursLater, ofConfiguration, ofNamespace, ofTarget } from './facts.ts';

const daily = { schedule: '0 3 * * *' };

test('how many configurations are examined', () => {
  const rows: [Parameters<typeof ofNamespace>[1], string[]][] = [
    [{}, ['ok: no backupconfiguration in namespace demo: name a TYPE/NAME to examine a workload']],
    [
      { lists: { backupconfigurations: [configuration('a'), configuration('b', { driver: 'Restic' })] } },
      ['ok: 1 backupconfiguration in namespace demo'],
    ],
    [
      { lists: { backupconfigurations: [configuration('a'), configuration('b')] } },
      ['ok: 2 backupconfigurations in namespace demo'],
    ],
    [{ target }, []],
    [
      { target, lists: { backupconfigurations: 'lacks' } },
      ['unknown: needs list backupconfigurations.stash.appscode.com'],
    ],
    [
      { lists: { backupconfigurations: 'unserved' } },
      ['unknown: the server has no backupconfigurations.stash.appscode.com'],
    ],
  ];
  for (const [changes, found] of rows) assert.deepEqual(ofNamespace(configurations, changes), found);
});

test('all problems and warnings of a configuration, and what its operator says', () => {
  const rows: [Parameters<typeof configuration>[1], object | undefined, string[]][] = [
    [daily, undefined, ['ok: it is valid']],
    [daily, { phase: 'Ready' }, ['ok: it is valid']],
    [
      { schedule: 'soon', timeOut: 'long' },
      { phase: 'Invalid' },
      [
        'fail: spec.schedule: "soon" has one field, and a schedule has five: minute, hour, day of month, month, day of week',
        'fail: spec.timeOut "long" is not a duration such as 10m or 1h30m',
      ],
    ],
    [
      { ...daily, runtimeSettings: { container: { nice: {} } } },
      undefined,
      ['warn: spec.runtimeSettings.container.nice is ignored', 'ok: it is valid'],
    ],
    [
      daily,
      {
        phase: 'NotReady',
        conditions: [
          { type: 'ValidationPassed', status: 'True' },
          { type: 'CronJobCreated', status: 'False', message: 'quota' },
        ],
      },
      ['fail: its operator says NotReady: quota'],
    ],
    [
      daily,
      { phase: 'NotReady', conditions: [{ type: 'CronJobCreated', status: 'False', reason: 'Refused' }] },
      ['fail: its operator says NotReady: Refused'],
    ],
    [daily, { phase: 'NotReady' }, ['fail: its operator says NotReady: no reason']],
  ];
  for (const [spec, status, found] of rows) {
    const one = { ...configuration('nightly', spec), ...(status && { status }) };
    assert.deepEqual(ofConfiguration(configurationValid, one), found);
  }
});

const rows: readonly (readonly [string, Parameters<typeof configuration>[1], number, string[]])[] = [
  [
    'made for snapshots by hand',
    { schedule: '0 0 1 1 *', paused: true },
    1000,
    ['ok: it has no schedule: snapshots are taken by hand'],
  ],
  [
    'paused',
    { ...daily, paused: true },
    1000,
    ['warn: it is paused: its schedule does not run (fix: kubectl stash resume nightly -n demo)'],
  ],
  ['no schedule at all, of which another check tells', { schedule: 'soon' }, 1000, []],
  ['not due twice yet', daily, 47, ['ok: due next at 2026-03-16T03:00:00.000Z', 'ok: no run is overdue']],
  [
    'due twice, and never run',
    daily,
    49,
    [
      'ok: due next at 2026-03-17T03:00:00.000Z',
      'fail: it was due at 2026-03-15T03:00:00.000Z and 2026-03-16T03:00:00.000Z, and there is no complete restore point since it was created (fix: kubectl stash trigger nightly -n demo)',
    ],
  ],
];

for (const [name, spec, hours, found] of rows) {
  test(`a schedule: ${name}`, () => {
    assert.deepEqual(
      [schedule, overdue].flatMap((check) =>
        ofConfiguration(check, configuration('nightly', spec), { now: hoursLater(hours), lists: good }),
      ),
      found,
    );
  });
}

test('a schedule counts from the newest complete restore point', () => {
  const point = snapshotOf('sts-db-1', 'data', { target, created: hoursLater(30).toISOString() });
  const points = { value: restorePoints([point], []) };
  const one = configuration('nightly', daily);
  const at = (hours: number) =>
    ofConfiguration(overdue, one, { now: hoursLater(hours), points, lists: good });
  assert.deepEqual(at(71), ['ok: no run is overdue']);
  assert.match(at(73).join(''), /^fail: .* no complete restore point since sts-db-1 \(fix/);
});

test('a run is proposed only of a target that could be snapshotted', () => {
  const one = configuration('nightly', daily);
  const gone = { object: { value: undefined } };
  const missing = new Map([['snapshot', [{ verb: 'create', resource: backupSessions } as const]]]);
  assert.match(
    ofConfiguration(overdue, one, { now: hoursLater(49), lists: good, missing }).join(),
    /^fail: it was due at .* since it was created$/,
  );
  const found = ofConfiguration(overdue, one, { now: hoursLater(49), lists: good }, gone);
  assert.match(found.join(), /^fail: it was due at .* since it was created$/);
});

test('which configuration a snapshot by hand runs under', () => {
  const found = (...all: ReturnType<typeof configuration>[]) =>
    ofTarget(configurationChoice, {}, { lists: { backupconfigurations: all } });
  assert.deepEqual(found(), ['ok: no backupconfiguration is for it: a snapshot makes one']);
  assert.deepEqual(found(configuration('nightly')), ['ok: snapshots run under backupconfiguration/nightly']);
  assert.deepEqual(found(configuration('nightly'), configuration('weekly')), [
    'warn: 2 backup configurations are for statefulset/db: nightly, weekly',
  ]);
});
