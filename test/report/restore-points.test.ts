import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { VolumeSnapshotClass } from '#src/api/kubernetes.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { print } from '#src/cli/output.ts';
import { restorePointList, restorePointNames, restorePointTable } from '#src/report/restore-points.ts';

import {
  at,
  backupSession,
  foo,
  foreignSnapshot,
  ready,
  snapshotOf,
} from '#test/domain/restore-point-objects.ts';
import { testContext } from '#test/support/context.ts';
import { matchGolden } from '#test/support/golden.ts';

const two = ['data', 'logs'];
const database = {
  ...foo,
  kind: 'StatefulSet',
  name: 'a-database-with-a-rather-long-name',
  namespace: 'prod',
} as const;

const points = restorePoints(
  [
    ...two.map((claim) => snapshotOf('deploy-foo-1732428000', claim, { claims: two, created: at(0) })),
    snapshotOf('deploy-foo-1732428600', 'data', {
      claims: two,
      created: at(600),
      className: 'retained',
      status: { readyToUse: false, error: { message: 'rpc error: \u001b[31mno space left\u001b[0m' } },
    }),
    snapshotOf('sts-a-database-with-a-rather-long-name-1732428300', 'db-0', {
      target: database,
      created: at(300),
      status: { ...ready, restoreSize: '1536Mi' },
      source: {
        storage: '1Gi',
        storageClassName: 'fast',
        accessModes: ['ReadWriteOncePod'],
        labels: { app: 'db' },
      },
    }),
    ...two.map((claim) =>
      foreignSnapshot(claim, { name: `${claim}-fnbwz`, created: at(-86_400), className: 'gone' }),
    ),
    foreignSnapshot('data', { name: 'data-before-upgrade', created: at(-3 * 86_400), status: {} }),
  ],
  [
    backupSession('deploy-foo-1732428000', 'Succeeded', { claims: two }),
    backupSession('deploy-foo-1732428600', 'Failed', { claims: two, created: at(600) }),
    backupSession('deploy-foo-1732428690', 'Running', { claims: two, created: at(690) }),
  ],
);

const classes: VolumeSnapshotClass[] = [
  { name: 'csi', driver: 'hostpath.csi.k8s.io', deletionPolicy: 'Delete' as const },
  { name: 'retained', driver: 'hostpath.csi.k8s.io', deletionPolicy: 'Retain' as const },
].map(({ name, ...rest }) => ({
  apiVersion: 'snapshot.storage.k8s.io/v1',
  kind: 'VolumeSnapshotClass',
  metadata: { name },
  ...rest,
}));

const view = { points, now: new Date(at(700)), zone: { local: 'Europe/Berlin' }, classes };
const plain = { wide: false, allNamespaces: false };
const wide = { wide: true, allNamespaces: false };

test('restore points as a table', () => {
  matchGolden('list', restorePointTable(plain)(view));
  matchGolden('list-all-namespaces', restorePointTable({ ...plain, allNamespaces: true })(view));
});

test('restore points as a wide table, with and without the right to read classes', () => {
  matchGolden('list-wide', restorePointTable(wide)(view));
  matchGolden('list-wide-no-classes', restorePointTable(wide)({ ...view, classes: undefined }));
});

test('restore points as names, JSON and YAML', async () => {
  matchGolden('list-name', `${restorePointNames(points).join('\n')}\n`);
  for (const format of ['json', 'yaml'] as const) {
    const context = testContext();
    await print(context.out, format, { value: () => restorePointList(points) });
    matchGolden(`list-${format}`, context.stdout());
  }
});

test('names are those of the snapshots, because their session may no longer exist', () => {
  const both = restorePoints(
    [snapshotOf('s-1', 'data'), snapshotOf('s-1', 'db', { target: database })],
    [backupSession('s-2', 'Running', { claims: two })],
  );
  const names = ['data-1', 'db-1'].map((name) => `volumesnapshot.snapshot.storage.k8s.io/${name}`);
  assert.deepEqual(restorePointNames(both), names);
  assert.deepEqual(restorePointNames([]), []);
});

test('times in UTC, without headers, and rows that are added later', () => {
  const table = restorePointTable({ ...plain, noHeaders: true });
  const inUtc = { ...view, zone: 'utc' } as const;
  const rows = points.flatMap((point) => table({ ...inUtc, points: [point] }));
  assert.match(rows[0] ?? '', /^deployment\/foo {3}deploy-foo-1732428690 {3}2024-11-24T06:11:30Z {3}10s /);
  const widest = rows.findIndex((row) => row.includes('rather-long'));
  const columns = rows.slice(widest).map((row) => row.indexOf('2024-'));
  assert.equal(new Set(columns).size, 1, rows.join(''));
});
