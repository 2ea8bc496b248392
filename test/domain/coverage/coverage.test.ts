import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { pods, statefulSets } from '#src/api/resources.ts';
import { isIgnored, wasBound } from '#src/domain/coverage/claim-marks.ts';
import { claimUsers } from '#src/domain/coverage/claim-users.ts';
import { claimSchedules } from '#src/domain/coverage/claim-schedule.ts';
import { coverage, totalsOf, type CoverageScene } from '#src/domain/coverage/coverage.ts';
import { claimKey, heldClaim, holdsData } from '#src/domain/coverage/held-claim.ts';
import { trimSession, trimToMarks } from '#src/domain/coverage/trim.ts';
import { newestPoint } from '#src/domain/restore-points/newest-points.ts';
import { isGood, restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { coverageList } from '#src/report/coverage.ts';
import { backupSession, claim, configuration, statefulSet } from '#test/domain/objects.ts';
import { at, snapshotOf } from '#test/domain/restore-point-objects.ts';
import { snapshotClass } from '#test/support/classes.ts';

const day = 86_400;
const db = { kind: 'StatefulSet', name: 'db', namespace: 'demo' } as const;
const workloads = [{ kind: 'StatefulSet' as const, object: statefulSet(2) }];

/** Claim `data-db-0` of StatefulSet `db`; its newest good point is an hour old. Now is 2024-11-24T06:00:00Z. */
function scene(changes: Partial<CoverageScene> = {}): CoverageScene {
  const names = ['data-db-0', 'data-db-1'];
  const cut = names.map((name) =>
    snapshotOf('sts-db-1', name, { claims: names, target: db, created: at(-3600), className: 'csi' }),
  );
  const point = restorePoints(cut, []).find(isGood);
  const [snapshot] = cut;
  assert.ok(point && snapshot);
  const newest = newestPoint(point, snapshot);
  return {
    claims: [held('data-db-0')],
    ...{ workloads, usersOf: claimUsers({ workloads, pods: [] }), unread: [] },
    configurations: nightly(),
    points: new Map(names.map((name) => [claimKey('demo', name), newest])),
    ...{ foreign: new Set<string>(), classes: [snapshotClass('csi', 'ebs.csi.aws.com', {})] },
    ...{ now: new Date(at(0)), staleAfterMs: 48 * 3600 * 1000 },
    ...changes,
  };
}

const nightly = (spec: Parameters<typeof configuration>[1] = {}, name = 'nightly') =>
  claimSchedules(configuration(name, { schedule: '0 3 * * *', ...spec }));
const held = (name: string) => heldClaim(claim(name));

const later = (days: number) => ({ now: new Date(at(days * day)) });
const unread = [{ verb: 'list', resource: statefulSets } as const];
const blind = { workloads: [], usersOf: () => [], unread };

const states: { name: string; scene: Partial<CoverageScene>; state: string; why?: string; by?: string[] }[] =
  [
    { name: 'a schedule that works', scene: {}, state: 'covered', by: ['nightly'] },
    { name: 'one missed run', scene: later(1), state: 'covered' },
    {
      name: 'two missed runs',
      scene: later(2),
      state: 'stale',
      why: 'nightly was due twice since then, the second time at 2024-11-26T03:00:00.000Z',
    },
    {
      name: 'a weekly schedule',
      scene: { ...later(7), configurations: [...nightly({ schedule: '0 3 * * 0' })] },
      state: 'covered',
    },
    {
      name: 'the stricter of two schedules',
      scene: { ...later(7), configurations: [...nightly({ schedule: '0 3 * * 0' }, 'weekly'), ...nightly()] },
      state: 'stale',
      why: 'nightly was due twice since then, the second time at 2024-11-26T03:00:00.000Z',
      by: ['weekly', 'nightly'],
    },
    {
      name: 'a paused schedule, soon',
      scene: { ...later(1), configurations: [...nightly({ paused: true })] },
      state: 'covered',
    },
    {
      name: 'a paused schedule, at last',
      scene: { ...later(2), configurations: [...nightly({ paused: true })] },
      state: 'stale',
      why: 'no schedule, and older than 48h',
    },
    {
      name: 'a schedule that is none',
      scene: { ...later(2), configurations: [...nightly({ schedule: 'often' })] },
      state: 'stale',
      why: 'no schedule, and older than 48h',
    },
    { name: 'no point', scene: { points: new Map() }, state: 'uncovered', by: ['nightly'] },
    {
      name: 'snapshots of another tool only',
      scene: { points: new Map(), foreign: new Set(['demo/data-db-0']) },
      state: 'unknown',
      why: 'its snapshots were made by other means',
    },
    {
      name: 'a configuration of another driver',
      scene: { configurations: [...nightly({ driver: 'Restic' })] },
      state: 'covered',
      by: [],
    },
    {
      name: 'a configuration for other replicas',
      scene: {
        claims: [held('data-db-1')],
        configurations: [...nightly({ target: { ref: { kind: 'StatefulSet', name: 'db' }, replicas: 1 } })],
      },
      state: 'covered',
      by: [],
    },
    {
      name: 'a configuration for the claim itself',
      scene: {
        configurations: [
          ...nightly({ target: { ref: { kind: 'PersistentVolumeClaim', name: 'data-db-0' } } }),
        ],
      },
      state: 'covered',
      by: ['nightly'],
    },
    {
      name: 'configurations that cannot be read',
      scene: { configurations: undefined },
      state: 'unknown',
      why: 'its schedule cannot be read',
    },
    {
      name: 'workloads that cannot be read: the restore point names its own',
      scene: { ...later(2), ...blind },
      state: 'stale',
      by: ['nightly'],
      why: 'nightly was due twice since then, the second time at 2024-11-26T03:00:00.000Z',
    },
    {
      name: 'workloads that cannot be read, one of which has a schedule',
      scene: {
        ...blind,
        configurations: [...nightly({ target: { ref: { kind: 'StatefulSet', name: 'other' } } })],
      },
      state: 'unknown',
      why: 'which schedule is for it needs list statefulsets.apps',
      by: [],
    },
    {
      name: 'pods that cannot be read',
      scene: { ...blind, unread: [{ verb: 'list', resource: pods }], configurations: [] },
      state: 'covered',
      by: [],
    },
  ];
for (const { name, scene: changes, state, why, by } of states) {
  test(`${name}: ${state}`, () => {
    const [found] = coverage(scene(changes));
    assert.deepEqual([found?.state, found?.why], [state, why]);
    if (by)
      assert.deepEqual(
        found?.configurations?.map((each) => each.name),
        by,
      );
  });
}

test('it says what becomes of the snapshots, as far as that is known', () => {
  const said = (changes: Partial<CoverageScene>) => {
    const [found] = coverage(scene(changes));
    return [found?.deletionPolicy, found?.driver, found?.outlivesVolume];
  };
  assert.deepEqual(said({}), ['Delete', 'ebs.csi.aws.com', true]);
  assert.deepEqual(said({ classes: [snapshotClass('csi', 'zfs.csi.openebs.io', {})] }), [
    ...['Delete', 'zfs.csi.openebs.io', false],
  ]);
  assert.deepEqual(said({ classes: undefined }), [undefined, undefined, false]);
  const provisioned = claim('data-db-0');
  provisioned.metadata.annotations = { 'volume.kubernetes.io/storage-provisioner': 'ebs.csi.aws.com' };
  assert.deepEqual(said({ classes: [], claims: [heldClaim(provisioned)] }), [
    undefined,
    'ebs.csi.aws.com',
    true,
  ]);
});

test('users are not known where something that may use the claim cannot be read', () => {
  assert.equal(coverage(scene(blind))[0]?.users, undefined);
  assert.deepEqual(coverage(scene({ ...blind, unread: [] }))[0]?.users, []);
});

test('uncovered claims come first, then stale and unknown ones, each by namespace and name; totals count them', () => {
  const elsewhere = { namespace: 'other', name: 'a' };
  const claims = [elsewhere, ...['data-db-0', 'z', 'b', 'y'].map(held)];
  const found = coverage(scene({ claims, foreign: new Set(['demo/y']), ...later(2) }));
  assert.deepEqual(
    found.map(({ claim: { namespace, name }, state }) => `${state} ${namespace}/${name}`),
    ['uncovered demo/b', 'uncovered demo/z', 'uncovered other/a', 'stale demo/data-db-0', 'unknown demo/y'],
  );
  const totals = totalsOf(found, 3);
  assert.deepEqual(totals, { claims: 5, uncovered: 3, stale: 1, unknown: 1, covered: 0, ignored: 3 });
  assert.deepEqual(coverageList(found, { totals, lacks: unread }).lacks, ['list statefulsets.apps']);
});

test('a claim holds data once it is bound, and is ignored by a label or an annotation', () => {
  const phases = (['Bound', 'Pending', 'Lost'] as const).filter((phase) =>
    holdsData(claim('a', { status: { phase } })),
  );
  assert.deepEqual(phases, ['Bound']);
  const marked = (metadata: object): Stored<PersistentVolumeClaim> => {
    const plain = claim('a');
    return { ...plain, metadata: { ...plain.metadata, ...metadata } };
  };
  const ignore = { [annotation.coverage]: 'ignore' };
  for (const metadata of [{ labels: ignore }, { annotations: ignore }]) {
    assert.ok(isIgnored(marked(metadata)));
    assert.ok(isIgnored(trimToMarks(marked(metadata))));
  }
  assert.ok(!isIgnored(marked({ labels: { [annotation.coverage]: 'no' } })));
  assert.ok(
    wasBound(
      trimToMarks(trimToMarks(marked({ annotations: { [annotation.bindCompleted]: 'yes', more: 'x' } }))),
    ),
  );
  assert.ok(!wasBound(trimToMarks(marked({}))));
});

test('trimmed objects can be trimmed again, and keep what coverage reads', () => {
  const session = trimSession(backupSession({ phase: 'Failed', targets: [] }));
  assert.deepEqual(session.status, { phase: 'Failed' });
  assert.deepEqual(trimSession(session), session);
});

test('of a claim and of a configuration it keeps what it reads', () => {
  const labels = { app: 'db' };
  const labelled = { ...claim('a'), metadata: { ...claim('a').metadata, labels } };
  assert.deepEqual(heldClaim(labelled), { namespace: 'demo', name: 'a', size: '1Gi' });
  assert.deepEqual(heldClaim(labelled, true).labels, labels);
  const target = { kind: 'StatefulSet', name: 'db', namespace: 'demo' };
  const [kept] = nightly({ paused: true, hooks: {} });
  const { created, ...rest } = kept ?? {};
  assert.deepEqual(rest, { name: 'nightly', target, schedule: '0 3 * * *', paused: true, byHand: false });
  assert.equal(typeof created, 'number');
  assert.deepEqual(nightly({ target: { ref: { kind: 'Pod', name: 'x' } } }), []);
});
