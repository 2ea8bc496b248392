import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import {
  chooseRestores,
  targetsOf,
  unattributed,
  type ChosenRestores,
  type ManyWishes,
} from '#src/domain/restore/choose-restores.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { formatTarget, targetAnnotation, type Target } from '#src/domain/workload/target.ts';
import { at, backupSession, foo, foreignSnapshot, snapshotOf } from '#test/domain/restore-point-objects.ts';

const claimTarget = (name: string): Target => ({ kind: 'PersistentVolumeClaim', name, namespace: 'demo' });
const bar: Target = { ...foo, name: 'bar' };

function claim(name: string, more: { from?: string; by?: string; deleting?: boolean } = {}) {
  const { from, by, deleting = false } = more;
  const made: Stored<PersistentVolumeClaim> = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...{ name, namespace: 'demo', uid: name, resourceVersion: '1', creationTimestamp: at(0) },
      ...(by !== undefined && { annotations: { [annotation.restoreSessionUid]: by } }),
      ...(deleting && { deletionTimestamp: at(1) }),
    },
    spec: {
      ...(from !== undefined && {
        dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: from },
      }),
    },
  };
  return made;
}

function session(target: Target, from: string, phase: 'Running' | 'Failed'): Stored<RestoreSession> {
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: {
      ...{ name: 'r', namespace: 'demo', uid: 'r', resourceVersion: '1', creationTimestamp: at(0) },
      annotations: { ...targetAnnotation(target), [annotation.restoredFrom]: from },
    },
    spec: {},
    status: { phase },
  };
}

function inPlace(of: Stored<RestoreSession>): Stored<RestoreSession> {
  const annotations = { ...of.metadata.annotations, [annotation.inPlace]: '{}' };
  return { ...of, metadata: { ...of.metadata, annotations } };
}

interface Scene {
  readonly snapshots: Parameters<typeof restorePoints>[0];
  readonly claims?: readonly Stored<PersistentVolumeClaim>[];
  readonly sessions?: readonly Stored<RestoreSession>[];
  readonly backups?: Parameters<typeof restorePoints>[1];
}

function choose(
  { snapshots, claims = [], sessions = [], backups = [] }: Scene,
  wishes: Partial<ManyWishes> = {},
) {
  const points = restorePoints(snapshots, backups);
  const all = { from: 'latest', moment: undefined, suffix: undefined, ...wishes };
  return told(chooseRestores(targetsOf(points), { points, claims, sessions }, all));
}

function told({ restores, notes, failures }: ChosenRestores) {
  return {
    restores: restores.map(({ target, point, only }) =>
      [formatTarget(target), point.session, ...only].join(' '),
    ),
    notes,
    failures: failures.map(({ message }) => message),
  };
}

const both = ['a', 'b'];
const older = both.map((name) => snapshotOf('s-1', name, { claims: both, created: at(0) }));
const newer = both.map((name) => snapshotOf('s-2', name, { claims: both, created: at(60) }));
const exist = 'skipped, because their claims exist: deployment/foo';
const twoTimes = (lost: string, left: string) =>
  `deployment/foo: claim ${lost} does not exist, but ${left} does: restored now, its claims would be of two points in time`;

test('what becomes of a workload with two claims and two points', () => {
  const half = snapshotOf('s-3', 'a', { claims: both, created: at(90) });
  const snapshots = [...older, ...newer, half];
  const ended = session(foo, 's-1', 'Running');
  ended.metadata.deletionTimestamp = at(1);
  const unnamed = session(foo, 's-1', 'Running');
  unnamed.metadata.annotations = { [annotation.restoredFrom]: 's-1' };
  const nothing = { restores: [], notes: [], failures: [] };
  const whole = { ...nothing, restores: ['deployment/foo s-2'] };
  const rows: { name: string; scene: Omit<Scene, 'snapshots'>; wishes?: Partial<ManyWishes>; is: object }[] =
    [
      { name: 'all lost', scene: {}, is: whole },
      { name: 'all there', scene: { claims: [claim('a'), claim('b')] }, is: { ...nothing, notes: [exist] } },
      {
        name: 'one lost',
        scene: { claims: [claim('a')] },
        is: { ...nothing, failures: [twoTimes('b', 'a')] },
      },
      {
        name: 'one restored from the same point',
        scene: { claims: [claim('a', { from: 'a-2' })] },
        is: { ...nothing, restores: ['deployment/foo s-2 b'] },
      },
      {
        name: 'one restored from the other point',
        scene: { claims: [claim('a', { from: 'a-1' })] },
        is: { ...nothing, failures: [twoTimes('b', 'a')] },
      },
      { name: 'being deleted', scene: { claims: [claim('a', { deleting: true })] }, is: whole },
      {
        name: 'second newest',
        scene: {},
        wishes: { from: '-2', moment: { place: 2 } },
        is: { ...nothing, restores: ['deployment/foo s-1'] },
      },
      {
        name: 'beside what exists',
        scene: { claims: [claim('a'), claim('b')] },
        wishes: { suffix: '-x' },
        is: whole,
      },
      {
        name: 'beside, done before',
        scene: { claims: [claim('a-x'), claim('b-x')] },
        wishes: { suffix: '-x' },
        is: { ...nothing, notes: [exist] },
      },
      {
        name: 'an unfinished session of the older point, which has made a claim',
        scene: { claims: [claim('a', { from: 'a-1', by: 'r' })], sessions: [session(foo, 's-1', 'Running')] },
        is: { ...nothing, restores: ['deployment/foo s-1'] },
      },
      {
        name: 'a session of the older point that has failed',
        scene: { sessions: [session(foo, 's-1', 'Failed')] },
        is: whole,
      },
      {
        name: 'a restore in place from the older point, which is swapping both claims',
        scene: {
          claims: ['a', 'b'].map((name) => claim(name, { by: 'r' })),
          sessions: [inPlace(session(foo, 's-1', 'Running'))],
        },
        is: { ...nothing, notes: [exist] },
      },
      {
        name: 'a restore in place from the older point, while both claims are gone',
        scene: { sessions: [inPlace(session(foo, 's-1', 'Running'))] },
        is: whole,
      },
      {
        name: 'a session of another workload',
        scene: { sessions: [session(bar, 's-1', 'Running')] },
        is: whole,
      },
      {
        name: 'a session of the older point that is being deleted',
        scene: { sessions: [ended] },
        is: whole,
      },
      {
        name: 'an unfinished session of no workload',
        scene: { sessions: [unnamed] },
        is: whole,
      },
      {
        name: 'an unfinished session of no point',
        scene: { sessions: [session(foo, 'latest', 'Running')] },
        wishes: { from: '-2', moment: { place: 2 } },
        is: { ...nothing, restores: ['deployment/foo s-1'] },
      },
      {
        name: 'an unfinished session of a point that is incomplete by now',
        scene: { sessions: [session(foo, 's-3', 'Running')] },
        is: whole,
      },
      {
        name: 'an unfinished session of a point that is gone',
        scene: { sessions: [session(foo, 's-0', 'Running')] },
        is: whole,
      },
    ];
  for (const { name, scene, wishes, is } of rows) {
    assert.deepEqual(choose({ ...scene, snapshots }, wishes), is, name);
  }
});

test('a claim is restored once: with the workload rather than by itself, with the newest of several workloads', () => {
  const own = snapshotOf('p-3', 'a', { target: claimTarget('a'), created: at(120) });
  const shared = ['b', 'c'].map((name) =>
    snapshotOf('t-2', name, { claims: ['b', 'c'], target: bar, created: at(30) }),
  );
  assert.deepEqual(choose({ snapshots: [own, ...shared, ...newer] }), {
    restores: ['deployment/foo s-2', 'deployment/bar t-2 c'],
    notes: [
      'claim b of deployment/bar is left to deployment/foo, whose restore point has it too',
      'persistentvolumeclaim/a is left to deployment/foo, whose restore point has it too',
    ],
    failures: [],
  });
  const refused = choose({ snapshots: [own, ...newer], claims: [claim('b')] });
  assert.deepEqual(refused.restores, [], 'a is not restored by itself where its workload was refused');
});

test('what has no complete point is told where its claims are lost, and not where another point has them', () => {
  const failed = snapshotOf('s-1', 'a', { claims: both, status: { error: { message: 'no space' } } });
  const backups = [backupSession('s-1', 'Failed', { claims: both })];
  const lost = choose({ snapshots: [failed], backups });
  assert.equal(lost.failures.length, 1);
  assert.match(lost.failures[0] ?? '', /^deployment\/foo has no complete restore point/);
  const there = choose({ snapshots: [failed], backups, claims: [claim('a'), claim('b')] });
  assert.deepEqual([there.failures, there.notes], [[], [exist]]);
  const byHand = foreignSnapshot('a');
  assert.deepEqual(choose({ snapshots: [byHand, ...newer] }).failures, []);
  assert.match(choose({ snapshots: [byHand] }).failures[0] ?? '', /only restore points that other tools/);
});

test('claims that are lost and known only from points without a workload are told with a command', () => {
  const snapshots = both.map((name) => foreignSnapshot(name, { name: `${name}-1732427120` }));
  const points = restorePoints(snapshots, []);
  const targets = targetsOf(points);
  assert.deepEqual(targets, []);
  const strays = (...claims: Stored<PersistentVolumeClaim>[]) =>
    unattributed({ points, claims }, targets).map(({ message, hint }) => [message, hint]);
  assert.deepEqual(strays(claim('a')), [
    [
      'claim b does not exist, and restore point 1732427120 names no workload',
      'kubectl stash restore persistentvolumeclaim/b -n demo --from 1732427120 --only b',
    ],
  ]);
  assert.equal(strays().length, 1);
  assert.deepEqual(strays(claim('a'), claim('b')), []);
});

test('a claim of another point in time is restored nevertheless, or beside it, by a command', () => {
  const points = restorePoints(newer, []);
  const wishes = { from: 'latest', moment: undefined, suffix: undefined };
  const scene = { points, claims: [claim('a')], sessions: [] };
  const [failure] = chooseRestores([foo], scene, wishes).failures;
  assert.equal(failure?.kind, 'precondition');
  const restore = 'kubectl stash restore deployment/foo -n demo --from s-2';
  assert.deepEqual(failure.hint?.split('\n'), [
    'to restore b nevertheless:',
    `${restore} --only b`,
    'or all claims beside it:',
    `${restore} --suffix -restored`,
  ]);
});

test('workloads whose claims exist are told together, and one without restore points not at all', () => {
  const points = restorePoints([...newer, snapshotOf('t-2', 'c', { target: bar })], []);
  const wishes = { from: 'latest', moment: undefined, suffix: undefined };
  const scene = { points, claims: [claim('a'), claim('b'), claim('c')], sessions: [] };
  const none: Target = { ...foo, name: 'none' };
  assert.deepEqual(told(chooseRestores([none, ...targetsOf(points)], scene, wishes)), {
    restores: [],
    notes: ['skipped, because their claims exist: deployment/foo, deployment/bar'],
    failures: [],
  });
});

test('a lost claim is told once, by its newest point, and not where a workload has it', () => {
  const byHand = (suffix: string, created: string, ...claims: string[]) =>
    claims.map((name) => foreignSnapshot(name, { name: `${name}-${suffix}`, created }));
  const snapshots = [
    ...newer,
    ...byHand('1732427120', at(100), 'x', 'y'),
    ...byHand('1732427180', at(200), 'x', 'a'),
  ];
  const points = restorePoints(snapshots, []);
  const strays = (targets: readonly Target[]) =>
    unattributed({ points, claims: [] }, targets).map(({ kind, message }) => [kind, message]);
  const what = (lost: string, point: string) => [
    'precondition',
    `claim ${lost} does not exist, and restore point ${point} names no workload`,
  ];
  assert.deepEqual(strays([foo]), [what('x', '1732427180'), what('y', '1732427120')]);
  assert.deepEqual(strays([bar]), [what('a, x', '1732427180'), what('y', '1732427120')]);
});
