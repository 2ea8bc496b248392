/** Whatever is kept of the snapshots, the restore points down to the newest good one are those of the whole list. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { isOf, latestComplete } from '#src/domain/restore-points/choose-point.ts';
import { newestSnapshots } from '#src/domain/restore-points/newest-snapshots.ts';
import { restorePoints, type RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { targetAnnotation, type Target } from '#src/domain/workload/target.ts';
import { at, backupSession, foreignSnapshot, snapshotOf } from '#test/domain/restore-point-objects.ts';

type Snapshots = readonly Stored<VolumeSnapshot>[];
type Sessions = readonly Stored<BackupSession>[];

/** Reads again and again, as a command does. */
function kept(snapshots: Snapshots, sessions: Sessions = []) {
  let open: ReadonlySet<string> = new Set();
  for (let readings = 1; readings < 20; readings++) {
    const reading = newestSnapshots({ sessions, open, depth: 2 ** (readings - 1) });
    for (const snapshot of snapshots) reading.add(snapshot);
    const { open: left, ...end } = reading.end();
    if (left === undefined) return { ...end, readings };
    open = left;
  }
  throw new Error('it does not end');
}

function downToGood(points: readonly RestorePoint[], target: Target): readonly RestorePoint[] {
  const own = points.filter((point) => isOf(point, target));
  const good = latestComplete(own, target);
  return good ? own.slice(0, own.indexOf(good) + 1) : own;
}

const namesOf = (snapshots: Snapshots) => snapshots.map(({ metadata }) => metadata.name).sort();
const failing = { error: { message: 'full' } };
const nightly = (second: number) => snapshotOf(`s-${second}`, 'data', { created: at(second) });

test('of a workload those of the newest session, and those that are not ready or being deleted', () => {
  const old = snapshotOf('s-0', 'data', { created: at(0), status: failing });
  const going = snapshotOf('s-9', 'data', { created: at(-9), deleting: true });
  const { snapshots, readings } = kept([nightly(2), old, nightly(3), nightly(1), going]);
  assert.deepEqual([namesOf(snapshots), readings], [['data-0', 'data-3', 'data-9'], 1]);
});

test('of a claim of which another tool takes snapshots, the newest', () => {
  const others = [1, 3, 2].map((second) =>
    foreignSnapshot('data', { name: `v-${second}`, created: at(second) }),
  );
  assert.deepEqual(namesOf(kept(others).snapshots), ['v-3']);
});

test('further sessions are kept of a workload whose newest is not good, and of no other', () => {
  const bar: Target = { kind: 'StatefulSet', name: 'bar', namespace: 'demo' };
  const ofBar = [1, 2, 3].map((second) =>
    snapshotOf(`b-${second}`, 'bar', { target: bar, created: at(second) }),
  );
  const sessions = [backupSession('s-3', 'Failed', { claims: ['data'], created: at(3) })];
  const found = kept([nightly(3), nightly(1), nightly(2), ...ofBar], sessions);
  assert.deepEqual([namesOf(found.snapshots), found.readings], [['bar-3', 'data-2', 'data-3'], 2]);
});

const workloads = ['a', 'b'].map((name): Target => ({ kind: 'StatefulSet', name, namespace: 'demo' }));

const drawn = fc.record({
  second: fc.nat(6),
  target: fc.constantFrom(...workloads),
  names: fc.subarray(['x', 'y', 'z'], { minLength: 1 }),
  states: fc.array(fc.nat(8), { minLength: 3, maxLength: 3 }),
  object: fc.nat(6),
});

test('the restore points down to the newest good one are those of the whole list, in any order', () => {
  const scene = fc.array(drawn, { maxLength: 14 }).chain((all) => {
    const snapshots: Stored<VolumeSnapshot>[] = [];
    const sessions: Stored<BackupSession>[] = [];
    for (const [index, { second, target, names, states, object }] of all.entries()) {
      for (const [place, claim] of names.entries()) {
        const state = states[place] ?? 0;
        if (state === 0) continue;
        const snapshot = snapshotOf(`s-${index}`, claim, {
          ...{ claims: names, target, name: `${claim}-${index}`, created: at(10 * second + place) },
          ...(state === 1 && { status: failing }),
          ...(state === 2 && { quietUntil: at(-9) }),
          ...(state === 4 && { deleting: true }),
        });
        if (state === 3)
          snapshot.metadata.annotations = {
            ...snapshot.metadata.annotations,
            [annotation.sessionFailed]: 'x',
          };
        snapshots.push(snapshot);
      }
      const phase = ([undefined, 'Failed', 'Running', 'Succeeded'] as const)[object];
      if (object > 0 && object < 4) {
        const session = backupSession(`s-${index}`, phase, { claims: names, created: at(10 * second) });
        session.metadata.annotations = { ...session.metadata.annotations, ...targetAnnotation(target) };
        sessions.push(session);
      }
    }
    return fc.record({
      snapshots: fc.shuffledSubarray(snapshots, { minLength: snapshots.length }),
      sessions: fc.constant(sessions),
    });
  });
  fc.assert(
    fc.property(scene, ({ snapshots, sessions }) => {
      const found = kept(snapshots, sessions);
      const points = restorePoints(found.snapshots, sessions).filter(found.isWhole);
      for (const target of workloads) {
        assert.deepEqual(downToGood(points, target), downToGood(restorePoints(snapshots, sessions), target));
      }
    }),
    { numRuns: 500 },
  );
});
