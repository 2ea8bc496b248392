import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { namesInUse, snapshotsToRestore } from '#src/domain/restore-points/snapshots-to-restore.ts';
import { mostClaimsPerSession } from '#src/domain/spec-limits.ts';
import { inPlaceSession } from '#test/domain/in-place/in-place-session.ts';
import { restoreSession, snapshot, stored } from '#test/domain/objects.ts';

function restoring(target: object, status?: RestoreSession['status']): Stored<RestoreSession> {
  return { ...restoreSession(status), spec: { driver: 'VolumeSnapshotter', target } };
}

const of = (name: string) => ({ metadata: { name: `c-${name}` }, spec: { dataSource: { name } } });
const needed = (session: Stored<RestoreSession>) => [...snapshotsToRestore(session)];

test('an unfinished session needs the snapshots of its templates, for each ordinal', () => {
  const byRef = { metadata: {}, spec: { dataSourceRef: { name: 'by-ref' } } };
  const volumeClaimTemplates = [of('a'), byRef, of('db-${POD_ORDINAL}')];
  assert.deepEqual(needed(restoring({ replicas: 2, volumeClaimTemplates })), ['a', 'by-ref', 'db-0', 'db-1']);
  assert.deepEqual(needed(restoring({ volumeClaimTemplates }, { phase: 'Running' })), [
    'a',
    'by-ref',
    'db-0',
  ]);
  assert.deepEqual(needed(restoring({ volumeClaimTemplates }, { phase: 'Succeeded' })), []);
});

test('a restore in place needs them until it has ended', () => {
  assert.deepEqual(needed(stored(inPlaceSession({ phase: 'Succeeded' }))), ['data-1']);
  assert.deepEqual(needed(stored(inPlaceSession({ conditions: ['restoreCompleted'] }))), []);
});

test('a hollow session needs none, and a huge one no more than a session may have', () => {
  assert.deepEqual(needed({ ...restoreSession(), spec: {} }), []);
  assert.deepEqual(needed(restoring({ volumeClaimTemplates: [{}] })), ['']);
  const huge = restoring({ replicas: 1e9, volumeClaimTemplates: [of('${POD_ORDINAL}')] });
  assert.equal(needed(huge).length, mostClaimsPerSession);
});

test('of the snapshots, those in use are known by their names', () => {
  const sessions = [restoring({ volumeClaimTemplates: [of('a'), of('elsewhere')] })];
  assert.deepEqual([...namesInUse([snapshot('a'), snapshot('b')], sessions)], ['a']);
});

test('the snapshot of the data from before a restore in place is in use until that has ended', () => {
  const before = 'before-restore-sts-db';
  const it = snapshot('b');
  const taken = { ...it, metadata: { ...it.metadata, annotations: { [annotation.sessionName]: before } } };
  const unfinished = stored(inPlaceSession({ record: { before } }));
  assert.deepEqual([...namesInUse([snapshot('a'), taken], [unfinished])], ['b']);
  const ended = stored(inPlaceSession({ record: { before }, conditions: ['restoreCompleted'] }));
  assert.deepEqual([...namesInUse([snapshot('a'), taken], [ended])], []);
});
