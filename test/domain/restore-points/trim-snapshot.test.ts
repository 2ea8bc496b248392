import assert from 'node:assert/strict';
import { test } from 'node:test';

import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { trimSnapshot } from '#src/domain/restore-points/trim-snapshot.ts';
import { annotation } from '#src/api/labels.ts';
import { restorePointNames, restorePointTable } from '#src/report/restore-points.ts';
import { snapshotClass } from '#test/support/classes.ts';
import { at, foreignSnapshot, snapshotOf } from '#test/domain/restore-point-objects.ts';

const two = ['data', 'logs'];
const marked = snapshotOf('s-4', 'data');
marked.metadata.annotations = {
  ...marked.metadata.annotations,
  [annotation.madeBy]: 'user:me',
  [annotation.keepUntil]: at(5000),
  'more.example': 'x',
};
const failed = snapshotOf('s-5', 'data');
failed.metadata.annotations = { ...failed.metadata.annotations, [annotation.sessionFailed]: 'a hook failed' };
const snapshots = [
  ...two.map((claim) => snapshotOf('s-1', claim, { claims: two })),
  snapshotOf('s-2', 'data', { claims: two, status: { error: { message: 'full' } } }),
  snapshotOf('s-3', 'data', { quietUntil: at(-9), deleting: true }),
  ...[
    marked,
    failed,
    foreignSnapshot('data'),
    foreignSnapshot('data', { name: 'data-1732427120', status: {} }),
  ],
];
const trimmed = snapshots.map(trimSnapshot);

test('the table of trimmed snapshots is that of whole ones', () => {
  const points = [snapshots, trimmed].map((each) => restorePoints(each, []));
  const tables = points.map((each) =>
    restorePointTable({ wide: true, allNamespaces: true })({
      ...{ points: each, now: new Date(at(100)), zone: 'utc' as const },
      classes: [snapshotClass('csi', 'csi.example.com', {})],
    }),
  );
  assert.equal(tables[1], tables[0]);
  assert.deepEqual(restorePointNames(points[1] ?? []), restorePointNames(points[0] ?? []));
});

test('it is much smaller, keeps no other annotation, and can be trimmed again', () => {
  const managedFields = [{ manager: 'x', fieldsV1: { 'f:spec': {} } }];
  const large = { ...marked, metadata: { ...marked.metadata, managedFields } };
  const text = JSON.stringify(trimSnapshot(large));
  assert.doesNotMatch(text, /more\.example|source-claim|managedFields/);
  assert.deepEqual(trimmed.map(trimSnapshot), trimmed);
});
