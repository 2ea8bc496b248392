/** Which configuration a command line means, what it is for, and how its schedule stands. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { hasHooks, isFor } from '#src/domain/configuration/choose-configuration.ts';
import { configurationMeant, targetOfConfiguration } from '#src/domain/configuration/configured-target.ts';
import { scheduleOutlooks } from '#src/domain/configuration/schedule-outlook.ts';
import type { RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { StashError } from '#src/errors.ts';

import { configuration, target, withoutDriver } from '#test/domain/objects.ts';

const restic = (name: string) => configuration(name, { driver: 'Restic' });
const ofDeployment = (name: string, of: string) =>
  configuration(name, { target: { ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: of } } });

/** `kind: message` and the lines of the hint. */
function refusal(act: () => unknown): string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof StashError)
      return [`${error.kind}: ${error.message}`, ...(error.hint ?? '').split('\n')];
  }
  return [];
}

describe('configurationMeant', () => {
  const command = ['delete', 'schedule'];
  const nightly = configuration('nightly');
  const weekly = configuration('weekly');
  const other = ofDeployment('web', 'web');
  const broken = configuration('broken', { target: {} });
  const among = (...configurations: (typeof nightly)[]) => ({ configurations, namespace: 'demo', command });
  const db = { target: { kind: 'StatefulSet' as const, name: 'db' } };

  test('finds it by its name, and by its workload', () => {
    assert.equal(configurationMeant({ name: 'weekly' }, among(nightly, weekly)), weekly);
    assert.equal(configurationMeant(db, among(other, broken, nightly)), nightly);
  });

  test('one that takes snapshots goes before those of other drivers, which count only without it', () => {
    const mine = restic('restic');
    assert.equal(configurationMeant(db, among(mine, nightly)), nightly);
    assert.equal(configurationMeant(db, among(mine, other)), mine);
  });

  test('an unknown name or workload: proposes a near one, or how to list them', () => {
    const list = 'kubectl get backupconfigurations -n demo';
    assert.deepEqual(
      refusal(() => configurationMeant({ name: 'nigthly' }, among(nightly, weekly))),
      ['not-found: backupconfiguration "nigthly" not found in namespace demo', 'did you mean nightly?'],
    );
    assert.deepEqual(
      refusal(() => configurationMeant({ name: 'hourly-logs' }, among(nightly))),
      ['not-found: backupconfiguration "hourly-logs" not found in namespace demo', list],
    );
    const near = { target: { kind: 'Deployment' as const, name: 'wbe' } };
    assert.deepEqual(
      refusal(() => configurationMeant(near, among(broken, other))),
      [
        'not-found: no backupconfiguration is for deployment/wbe in namespace demo',
        'did you mean deployment/web?',
      ],
    );
    assert.deepEqual(
      refusal(() => configurationMeant(db, among(broken, other))),
      ['not-found: no backupconfiguration is for statefulset/db in namespace demo', list],
    );
  });

  test('several for a workload: the command for each of five, and how to list the others', () => {
    const refused = (count: number) =>
      refusal(() =>
        configurationMeant(
          db,
          among(...Array.from({ length: count }, (_, index) => configuration(`c${index}`)), restic('r')),
        ),
      );
    const deletions = [0, 1, 2, 3, 4].map((index) => `kubectl stash delete schedule c${index} -n demo`);
    const several = (count: number) =>
      `precondition: ${count} backup configurations are for statefulset/db: name one of them`;
    assert.deepEqual(refused(2), [several(2), ...deletions.slice(0, 2)]);
    assert.deepEqual(refused(5), [several(5), ...deletions]);
    assert.deepEqual(refused(6), [several(6), ...deletions, 'kubectl get backupconfigurations -n demo']);
  });
});

describe('targetOfConfiguration', () => {
  test('is what its specification names', () => {
    assert.deepEqual(targetOfConfiguration(configuration('nightly')), target);
  });

  test('refuses another driver, and a target that is none', () => {
    const hint = 'name a configuration with driver VolumeSnapshotter';
    const only = 'only VolumeSnapshotter takes snapshots';
    assert.deepEqual(
      refusal(() => targetOfConfiguration(configuration('a', { driver: 'Kopia' as 'Restic' }))),
      [`precondition: backupconfiguration/a has driver Kopia; ${only}`, hint],
    );
    assert.deepEqual(
      refusal(() => targetOfConfiguration(withoutDriver(configuration('a')))),
      [`precondition: backupconfiguration/a has driver Restic; ${only}`, hint],
    );
    assert.deepEqual(
      refusal(() => targetOfConfiguration(configuration('a', { target: {}, schedule: '@daily' }))),
      [
        'precondition: backupconfiguration/a: spec.target.ref is missing: name a workload or a claim',
        'kubectl get backupconfiguration a -n demo -o yaml',
      ],
    );
  });
});

test('a configuration is for the workload that its reference names, in its own namespace', () => {
  const ref = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' };
  const rows: [ref: object | undefined, boolean][] = [
    [ref, true],
    [{ ...ref, apiVersion: 'apps/v1beta2' }, true],
    [{ ...ref, apiVersion: undefined }, true],
    [{ ...ref, namespace: '' }, true],
    [{ ...ref, namespace: 'demo' }, true],
    [{ ...ref, namespace: 'other' }, false],
    [{ ...ref, apiVersion: 'v1' }, false],
    [{ ...ref, kind: 'Deployment' }, false],
    [{ ...ref, name: 'db2' }, false],
    [undefined, false],
  ];
  for (const [of, expected] of rows) {
    const spec = of === undefined ? { target: {} } : { target: { ref: of } };
    assert.equal(isFor(configuration('a', spec), target), expected, JSON.stringify(of));
  }
  const untargeted = configuration('a');
  delete untargeted.spec.target;
  assert.equal(isFor(untargeted, target), false);
});

test('a configuration has hooks where it has either', () => {
  const hook = { exec: { command: ['true'] } };
  assert.equal(hasHooks(configuration('a', { hooks: { preBackup: hook } })), true);
  assert.equal(hasHooks(configuration('a', { hooks: { postBackup: hook } })), true);
  for (const none of [configuration('a'), configuration('a', { hooks: {} })])
    assert.equal(hasHooks(none), false);
});

describe('how schedules stand', () => {
  const daily = (changes: object = {}) => configuration('nightly', { schedule: '0 3 * * *', ...changes });
  const point = (day: string, changes: Partial<RestorePoint> = {}): RestorePoint => ({
    ...{ session: `s-${day}`, namespace: 'demo', invoker: 'nightly', claims: [], keeping: { pinned: false } },
    ...{ takenAt: new Date(`${day}T03:00:00Z`), completeness: 'complete', phase: 'Succeeded', ...changes },
  });
  const outlook = (of: ReturnType<typeof configuration>, points: RestorePoint[], now: string) =>
    scheduleOutlooks([of], points, new Date(now)).map(({ nextDue, lastGood, overdue }) => ({
      ...{ due: nextDue?.toISOString(), last: lastGood?.session, overdue },
    }))[0];
  // The configuration was created on 14 March at 03:00.
  const rows: [string, Parameters<typeof outlook>, expected: ReturnType<typeof outlook>][] = [
    [
      'new, and due once',
      [daily(), [], '2026-03-15T03:10:00Z'],
      { due: '2026-03-16T03:00:00.000Z', last: undefined, overdue: false },
    ],
    [
      'without a restore point, and due twice',
      [daily(), [], '2026-03-16T03:10:00Z'],
      { due: '2026-03-17T03:00:00.000Z', last: undefined, overdue: true },
    ],
    [
      'with a good one of the day before',
      [daily(), [point('2026-03-15'), point('2026-03-14')], '2026-03-16T03:10:00Z'],
      { due: '2026-03-17T03:00:00.000Z', last: 's-2026-03-15', overdue: false },
    ],
    [
      'with a failed one, one of another configuration, and one of another namespace',
      [
        daily(),
        [
          point('2026-03-16', { phase: 'Failed' }),
          point('2026-03-16', { invoker: 'weekly' }),
          point('2026-03-16', { namespace: 'other' }),
        ],
        '2026-03-16T03:10:00Z',
      ],
      { due: '2026-03-17T03:00:00.000Z', last: undefined, overdue: true },
    ],
    [
      'paused',
      [daily({ paused: true }), [point('2026-03-14')], '2026-03-18T03:10:00Z'],
      { due: undefined, last: 's-2026-03-14', overdue: false },
    ],
    [
      'without a schedule',
      [daily({ schedule: undefined }), [], '2026-03-18T03:10:00Z'],
      { due: undefined, last: undefined, overdue: false },
    ],
  ];
  for (const [what, given, expected] of rows)
    test(what, () => {
      assert.deepEqual(outlook(...given), expected);
    });

  test('another driver has no schedule of ours, nor has a placeholder for snapshots on demand', () => {
    const placeholder = configuration('sts-db', { schedule: '0 0 1 1 *', paused: true });
    const paused = configuration('paused', { schedule: '@daily', paused: true });
    const shown = scheduleOutlooks([restic('r'), placeholder, paused, daily()], [], new Date());
    assert.deepEqual(
      shown.map((each) => each.configuration.metadata.name),
      ['paused', 'nightly'],
    );
  });
});
