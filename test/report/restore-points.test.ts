import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { VolumeSnapshotClass } from '#src/api/kubernetes.ts';
import { restorePoints, type RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { print } from '#src/cli/output.ts';
import {
  restorePointItem,
  restorePointList,
  restorePointNames,
  restorePointTable,
} from '#src/report/restore-points.ts';

import {
  at,
  backupSession,
  foo,
  foreignSnapshot,
  ready,
  snapshotOf,
} from '#test/domain/restore-point-objects.ts';
import { testContext } from '#test/support/context.ts';
import { berlin } from '#test/support/berlin.ts';
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

const view = { points, now: new Date(at(700)), zone: { local: berlin }, classes };
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

const bare: RestorePoint = {
  session: 's-1',
  namespace: 'demo',
  takenAt: new Date(at(0)),
  claims: [],
  completeness: 'incomplete',
  phase: 'Incomplete',
  keeping: { pinned: false },
};
const user = { by: 'user', name: 'jane' } as const;
const schedule = { by: 'schedule' } as const;
const until = (seconds: number) => new Date(at(seconds));

/** The cells of a row under these headers. */
function cellsUnder(headers: readonly string[], options: typeof plain, shown: Partial<typeof view>) {
  const [head = '', row = ''] = restorePointTable(options)({ ...view, ...shown }).split('\n');
  return headers.map((header) => {
    const from = head.indexOf(header);
    return row.slice(from).split(/ {3,}/)[0];
  });
}

const keepings: [keeping: RestorePoint['keeping'], madeBy: string, kept: string][] = [
  [{ pinned: false }, '<unknown>', 'until deleted'],
  [{ pinned: false, maker: schedule }, 'schedule', 'by policy'],
  [{ pinned: false, maker: user }, 'jane', 'until deleted'],
  [{ pinned: true, maker: schedule, until: until(900) }, 'schedule', 'pinned'],
  [{ pinned: false, maker: user, until: until(701) }, 'jane', 'until 2024-11-24T07:11:41'],
  [{ pinned: false, maker: schedule, until: until(700) }, 'schedule', 'was until 2024-11-24T07:11:40'],
];
for (const [keeping, madeBy, kept] of keepings) {
  test(`made by ${madeBy} and kept ${kept}: ${JSON.stringify(keeping)}`, () => {
    const shown = { points: [{ ...bare, keeping }] };
    assert.deepEqual(cellsUnder(['MADE BY', 'KEPT'], plain, shown), [madeBy, kept]);
  });
}

test('headers are printed once, however many rows are added later', () => {
  const table = restorePointTable(plain);
  const heads = [bare, bare].map((point) => /\bsession\b/i.test(table({ ...view, points: [point] })));
  assert.deepEqual(heads, [true, false]);
});

test('one claim that was cut too late shows beside the phase', () => {
  const claims = (['ready', 'late'] as const).map((state) => ({ claim: state, state }));
  const row = (states: RestorePoint['claims']) =>
    cellsUnder(['CLAIMS', 'PHASE'], plain, { points: [{ ...bare, claims: states }] });
  assert.deepEqual(row(claims), ['1/2', 'Incomplete (cut too late)']);
  assert.deepEqual(row(claims.slice(0, 1)), ['1/1', 'Incomplete']);
});

test('each of several classes is named once', () => {
  const several = restorePoints(
    ['csi', 'retained', 'csi'].map((className, index) => snapshotOf('s-1', `data-${index}`, { className })),
    [],
  );
  const cells = cellsUnder(['CLASS', 'DRIVER', 'DELETION'], wide, { points: several });
  assert.deepEqual(cells, ['csi,retained', 'hostpath.csi.k8s.io', 'Delete,Retain']);
});

test('programs get what is known of a restore point, and no field of which nothing is known', () => {
  const of = { apiVersion: 'cli.stash.appscode.com/v1alpha1', kind: 'RestorePoint' };
  const unknown = {
    ...{ ...of, metadata: { name: 's-1', namespace: 'demo' } },
    ...{ takenAt: at(0), phase: 'Incomplete', completeness: 'incomplete', claims: [] },
  };
  assert.deepEqual(restorePointItem(bare), unknown);
  assert.deepEqual(
    restorePointItem({
      ...{ ...bare, sessionUid: 'uid', invoker: 'nightly', failure: 'the hook failed' },
      keeping: { maker: user, pinned: true, until: until(900) },
    }),
    {
      ...{ ...unknown, session: { name: 's-1', uid: 'uid' }, invoker: 'nightly', failure: 'the hook failed' },
      ...{ madeBy: 'user', user: 'jane', pinned: true, keepUntil: at(900) },
    },
  );
  const bySchedule = restorePointItem({ ...bare, keeping: { maker: schedule, pinned: false } });
  assert.deepEqual(bySchedule, { ...unknown, madeBy: 'schedule' });
});

test('programs get what is known of a claim', () => {
  const { apiVersion, kind, metadata } = foreignSnapshot('data');
  const unseen = { apiVersion, kind, metadata, spec: { source: { persistentVolumeClaimName: 'data' } } };
  const snapshot = foreignSnapshot('data', { status: { restoreSize: 'much' } });
  const item = restorePointItem({
    ...bare,
    claims: [
      { claim: 'none', state: 'missing' },
      { claim: 'unseen', state: 'pending', snapshot: unseen },
      { claim: 'failed', state: 'failed', message: 'no space', snapshot, source: {} },
      { claim: 'sized', state: 'ready', snapshot: foreignSnapshot('data'), source: { storage: '2Ki' } },
    ],
  });
  const of = { snapshot: 'data-by-hand', snapshotClassName: 'csi' };
  assert.deepEqual(item.claims, [
    { name: 'none', state: 'missing' },
    { name: 'unseen', state: 'pending', snapshot: 'data-by-hand' },
    { name: 'failed', state: 'failed', message: 'no space', ...of, restoreSize: 'much', source: {} },
    {
      ...{ name: 'sized', state: 'ready', ...of, restoreSize: '1Gi', restoreSizeBytes: 2 ** 30 },
      source: { storage: '2Ki', storageBytes: 2048 },
    },
  ]);
});
