import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { buildBackupSession, buildSnapshot } from '#src/domain/backup/build-backup.ts';
import { retentionAtNextRun } from '#src/domain/backup/next-run.ts';
import { planRetention } from '#src/domain/retention/retention.ts';
import { claim, configuration, created, target } from '#test/domain/objects.ts';

const ref = { apiVersion: 'apps/v1', kind: target.kind, name: target.name };
const claims = [claim('data-db-0'), claim('data-db-1')];
const names = claims.map(({ metadata }) => metadata.name);

/** The snapshots of a session of the schedule, as they are once it has ended. */
function snapshotsAt(at: Date, keepLast: number, pinned = false): Stored<VolumeSnapshot>[] {
  const built = buildBackupSession({
    ...{ configuration: scheduled(keepLast), target, claims: names, at, maker: { by: 'schedule' } },
    keep: { pinned },
  });
  const stored = { uid: `uid-${at.getTime()}`, resourceVersion: '1', creationTimestamp: at.toISOString() };
  const session = { ...built, metadata: { ...built.metadata, ...stored } };
  return claims.map((each) => {
    const planned = { claim: each };
    const snapshot = buildSnapshot({ session, target, planned, sessionClaims: names, nameTaken: false });
    const status = { readyToUse: true, creationTime: at.toISOString() };
    return { ...snapshot, metadata: { ...snapshot.metadata, ...stored }, status };
  });
}

function scheduled(keepLast: number) {
  const retentionPolicy = { name: 'last', keepLast, prune: true };
  return configuration('nightly', { schedule: '0 3 * * *', target: { ref }, retentionPolicy });
}

const day = (days: number) => new Date(Date.parse(created) + days * 24 * 3_600_000);

test('what the next run is said to delete is what the policy deletes after that run', () => {
  const cases = fc.record({
    keepLast: fc.integer({ min: 1, max: 4 }),
    before: fc.array(fc.boolean(), { maxLength: 6 }),
    restored: fc.boolean(),
  });
  fc.assert(
    fc.property(cases, ({ keepLast, before, restored }) => {
      const snapshots = before.flatMap((pinned, index) => snapshotsAt(day(index), keepLast, pinned));
      const at = day(before.length);
      const plan = retentionAtNextRun({
        ...{ configuration: scheduled(keepLast), target, claims, snapshots, at },
        restoreSessions: restored ? snapshots.slice(0, 1).map(restoring) : [],
      });
      const inUse = new Set(restored ? snapshots.slice(0, 1).map(({ metadata }) => metadata.name) : []);
      const after = planRetention(
        { name: 'nightly', namespace: target.namespace },
        [...snapshots, ...snapshotsAt(at, keepLast)],
        scheduled(keepLast).spec.retentionPolicy,
        { line: 'schedule', now: at, inUse },
      );
      const told = (judged: typeof plan.go) =>
        judged.map(({ snapshot, why }) => [snapshot.metadata.name, why]);
      assert.deepEqual(told(plan.go), told(after.go));
    }),
  );
});

test('the snapshots of the next run take the place of older ones', () => {
  const snapshots = [snapshotsAt(day(0), 2), snapshotsAt(day(1), 2)].flat();
  const { go } = retentionAtNextRun({
    ...{ configuration: scheduled(2), target, claims, snapshots, restoreSessions: [], at: day(2) },
  });
  const gone = go.map(({ snapshot }) => snapshot.metadata.annotations?.[annotation.sessionName]);
  assert.deepEqual(new Set(gone), new Set([`nightly-${day(0).getTime() / 1000}`]));
  assert.equal(go.length, 2);
});

function restoring({ metadata }: Stored<VolumeSnapshot>) {
  const dataSource = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: metadata.name };
  const template = { metadata: { name: 'copy' }, spec: { dataSource } };
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: { name: 'r', uid: 'r', resourceVersion: '1', creationTimestamp: created, namespace: 'demo' },
    spec: { target: { volumeClaimTemplates: [template] } },
  };
}
