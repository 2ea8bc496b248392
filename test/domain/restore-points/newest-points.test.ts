import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { newestPoints, type NewestPoint, type Open } from '#src/domain/restore-points/newest-points.ts';
import { isGood, restorePoints, type RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { claimOf } from '#src/domain/restore-points/snapshot-groups.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { at, backupSession, foreignSnapshot, ready, snapshotOf } from '#test/domain/restore-point-objects.ts';

type Snapshots = readonly Stored<VolumeSnapshot>[];
type Sessions = readonly Stored<BackupSession>[];

const byClaim = (snapshot: Stored<VolumeSnapshot>): readonly string[] => [claimOf(snapshot)];

/** Reads again and again, as a command does, and counts the readings. */
function newest(
  snapshots: Snapshots,
  sessions: Sessions = [],
  {
    depth = 1,
    keysOf = byClaim,
    settleEvery = Infinity,
  }: { depth?: number; keysOf?: typeof byClaim; settleEvery?: number } = {},
) {
  let open: Open | undefined;
  let readings = 0;
  do {
    const byUid = new Map(sessions.map((session) => [session.metadata.uid, session]));
    const reading = newestPoints({ sessions: byUid, keysOf, depth: depth * 8 ** readings, open });
    for (const [index, snapshot] of snapshots.entries()) {
      reading.add(snapshot);
      if ((index + 1) % settleEvery === 0) reading.settle();
    }
    const { points, open: left } = reading.end();
    readings += 1;
    open = left;
    if (!open) return { readings, names: namesOf(points) };
  } while (readings < 20);
  throw new Error('it does not end');
}

const namesOf = (points: ReadonlyMap<string, Pick<NewestPoint, 'session'>>): Record<string, string> =>
  Object.fromEntries([...points].map(([key, { session }]) => [key, session] as const).sort());

/** From the whole list. */
function expected(snapshots: Snapshots, sessions: Sessions) {
  const points = new Map<string, RestorePoint>();
  for (const point of restorePoints(snapshots, sessions).filter(isGood).reverse())
    for (const { claim } of point.claims) points.set(claim, point);
  return namesOf(points);
}

const both = ['data', 'logs'];
const failing = { error: { message: 'full' } };

test('of each claim the newest complete point, in one reading where it is among the newest', () => {
  const snapshots = [
    ...both.map((claim) => snapshotOf('s-1', claim, { claims: both, created: at(1) })),
    ...both.map((claim) => snapshotOf('s-2', claim, { claims: both, created: at(2) })),
    snapshotOf('s-3', 'data', { claims: both, created: at(3) }),
  ];
  const wanted = { names: { data: 's-2', logs: 's-2' }, readings: 1 };
  assert.deepEqual(newest(snapshots, [], { depth: 2 }), wanted);
  assert.deepEqual(newest(snapshots.toReversed(), [], { depth: 2 }), wanted);
  assert.deepEqual(newest(snapshots, [], { depth: 1 }), { ...wanted, readings: 2 });
});

test('failed, late, foreign and deleted ones do not count, nor those of a session that failed', () => {
  const snapshots = [
    snapshotOf('s-1', 'data', { created: at(1) }),
    snapshotOf('s-2', 'data', { created: at(2), status: failing }),
    snapshotOf('s-3', 'data', { created: at(3), status: ready, quietUntil: at(-9) }),
    snapshotOf('s-4', 'data', { created: at(4), deleting: true }),
    snapshotOf('s-5', 'data', { created: at(5) }),
    foreignSnapshot('data', { created: at(6) }),
  ];
  const sessions = [backupSession('s-5', 'Failed', { claims: ['data'] })];
  assert.deepEqual(newest(snapshots, sessions), { names: { data: 's-1' }, readings: 2 });
});

test('a claim that newer points leave out keeps its older one', () => {
  const snapshots = [
    ...both.map((claim) => snapshotOf('s-1', claim, { claims: both, created: at(1) })),
    ...[2, 3, 4].map((second) => snapshotOf(`s-${second}`, 'data', { created: at(second) })),
  ];
  assert.deepEqual(newest(snapshots).names, { data: 's-4', logs: 's-1' });
});

test('nothing is read again for what is not asked', () => {
  const snapshots = [1, 2, 3].map((second) =>
    snapshotOf(`s-${second}`, 'data', { created: at(second), status: failing }),
  );
  assert.deepEqual(newest(snapshots, [], { keysOf: () => [] }), { names: {}, readings: 1 });
});

test('a copy of a snapshot does not make its session newer', () => {
  const original = snapshotOf('s-1', 'data', { created: at(1) });
  const copy = snapshotOf('s-1', 'data', { created: at(9), name: 'copy' });
  const later = snapshotOf('s-2', 'data', { created: at(5) });
  for (const settleEvery of [1, 2, Infinity])
    for (const order of [
      [copy, original, later],
      [original, copy, later],
      [later, original, copy],
    ])
      assert.deepEqual(newest(order, [], { depth: 2, settleEvery }).names, { data: 's-2' });
});

const workloads: readonly Target[] = ['a', 'b'].map((name) => ({
  kind: 'StatefulSet',
  name,
  namespace: 'demo',
}));
const claims = ['x', 'y', 'z'];

interface Drawn {
  readonly second: number;
  readonly workload: number;
  readonly names: readonly string[];
  readonly states: readonly number[];
  readonly invoker: boolean;
  readonly object: number;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  second: fc.nat(6),
  workload: fc.nat(1),
  names: fc.subarray(claims, { minLength: 1 }),
  states: fc.array(fc.nat(7), { minLength: 3, maxLength: 3 }),
  invoker: fc.boolean(),
  object: fc.nat(6),
});

function built(all: readonly Drawn[]): { snapshots: Snapshots; sessions: Sessions } {
  const snapshots: Stored<VolumeSnapshot>[] = [];
  const sessions: Stored<BackupSession>[] = [];
  for (const [index, { second, workload, names, states, invoker, object }] of all.entries()) {
    const session = `s-${index}`;
    const target = workloads[workload];
    if (target === undefined) continue;
    for (const [place, claim] of names.entries()) {
      const state = states[place] ?? 0;
      if (state === 0) continue;
      const snapshot = snapshotOf(session, claim, {
        ...{ claims: names, target, name: `${claim}-${index}`, created: at(10 * second + place) },
        ...(state === 1 && { status: failing }),
        ...(state === 2 && { quietUntil: at(-9) }),
      });
      if (state === 3)
        snapshot.metadata.annotations = { ...snapshot.metadata.annotations, [annotation.sessionFailed]: 'x' };
      if (!invoker) delete snapshot.metadata.labels?.[label.invokerName];
      snapshots.push(snapshot);
    }
    const phase = ([undefined, 'Failed', 'Running', 'Succeeded'] as const)[object];
    if (object > 0 && object < 4)
      sessions.push(backupSession(session, phase, { claims: names, created: at(10 * second) }));
  }
  return { snapshots, sessions };
}

test('in any order and at any depth, it finds what the whole list has', () => {
  fc.assert(
    fc.property(
      fc.array(drawn, { maxLength: 14 }).chain((all) => {
        const { snapshots, sessions } = built(all);
        const order = fc.shuffledSubarray([...snapshots], { minLength: snapshots.length });
        return fc.record({
          snapshots: order,
          sessions: fc.constant(sessions),
          depth: fc.integer({ min: 1, max: 4 }),
          settleEvery: fc.integer({ min: 1, max: 5 }),
        });
      }),
      ({ snapshots, sessions, ...options }) => {
        assert.deepEqual(newest(snapshots, sessions, options).names, expected(snapshots, sessions));
      },
    ),
    { numRuns: 500 },
  );
});
