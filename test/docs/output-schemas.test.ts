/** What `-o json` prints fits the schemas of docs/reference. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { Ajv } from 'ajv';
import formats from 'ajv-formats';

import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { scheduleOutlooks } from '#src/domain/configuration/schedule-outlook.ts';
import { claimSchedules } from '#src/domain/coverage/claim-schedule.ts';
import { claimUsers } from '#src/domain/coverage/claim-users.ts';
import { coverage, totalsOf } from '#src/domain/coverage/coverage.ts';
import { keptVolumes } from '#src/domain/in-place/kept-volumes.ts';
import { failure } from '#src/domain/finding.ts';
import { findingList } from '#src/report/findings.ts';
import { heldClaim } from '#src/domain/coverage/held-claim.ts';
import { isGood, restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { coverageList } from '#src/report/coverage.ts';
import { keptVolumeList } from '#src/report/kept-volumes.ts';
import { restorePointList } from '#src/report/restore-points.ts';
import { scheduleList } from '#src/report/schedules.ts';
import { pods, volumeSnapshots } from '#src/api/resources.ts';
import { claim, statefulSet } from '#test/domain/objects.ts';
import { snapshotClass } from '#test/support/classes.ts';
import { volume } from '#test/domain/in-place/volumes.ts';
import { at, backupSession, foreignSnapshot, snapshotOf } from '#test/domain/restore-point-objects.ts';

const folder = join(import.meta.dirname, '../../docs/reference');
const two = ['data', 'logs'];

const points = restorePoints(
  [
    ...two.map((claim) => snapshotOf('s-1', claim, { claims: two })),
    snapshotOf('s-2', 'data', { claims: two, status: { error: { message: 'full' } } }),
    snapshotOf('s-3', 'data', { quietUntil: at(-9) }),
    snapshotOf('s-4', 'data', {
      source: { storage: 'odd', accessModes: ['ReadWriteOnce'], labels: { a: 'b' }, leftOut: 'x' },
    }),
    foreignSnapshot('data', { status: {} }),
  ],
  [backupSession('s-5', 'Running', { claims: two })],
);

const configurations = ['deploy-foo', 'other'].map((name): Stored<BackupConfiguration> => ({
  apiVersion: 'stash.appscode.com/v1beta1',
  kind: 'BackupConfiguration',
  metadata: { name, namespace: 'demo', uid: name, resourceVersion: '1', creationTimestamp: at(0) },
  spec: {
    driver: 'VolumeSnapshotter',
    schedule: '@daily',
    paused: name === 'other',
    ...(name === 'other'
      ? {}
      : { target: { ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'foo' } } }),
    retentionPolicy: { name: 'keep-all', prune: false },
  },
}));

const workloads = [{ kind: 'StatefulSet' as const, object: statefulSet(1) }];
const claims = coverage({
  claims: [claim('data'), claim('data-db-1'), claim('none', { status: {} })].map((each) => heldClaim(each)),
  ...{ workloads, unread: [], usersOf: claimUsers({ workloads, pods: [] }) },
  configurations: configurations.flatMap((each) =>
    claimSchedules({
      ...each,
      spec: { ...each.spec, target: { ref: { kind: 'PersistentVolumeClaim', name: 'data' } } },
    }),
  ),
  points: new Map(points.filter(isGood).map((point) => ['demo/data', point])),
  ...{ foreign: new Set(['demo/none']), classes: [snapshotClass('csi', 'ebs.csi.aws.com', {})] },
  ...{ now: new Date(at(9e6)), staleAfterMs: 1 },
});

async function problems(file: string, value: unknown): Promise<unknown> {
  const ajv = new Ajv({ strict: true, allErrors: true });
  formats.default(ajv);
  const validate = ajv.compile(JSON.parse(await readFile(join(folder, file), 'utf8')) as object);
  validate(JSON.parse(JSON.stringify(value)));
  return validate.errors;
}

const rows = [
  { file: 'restore-point-list.schema.json', list: restorePointList(points) },
  {
    file: 'schedule-list.schema.json',
    list: scheduleList(scheduleOutlooks(configurations, points, new Date(at(100)))),
  },
  {
    file: 'kept-volume-list.schema.json',
    list: keptVolumeList(
      keptVolumes({
        volumes: [volume('a', { claim: 'data' }), volume('b', { role: 'incoming' }, { capacity: undefined })],
        sessions: [],
        points,
      }),
    ),
  },
  {
    file: 'finding-list.schema.json',
    list: findingList([
      { check: 'a', level: 'ok', message: 'it is' },
      {
        ...failure('forbidden', 'it is not', {
          hint: 'look',
          fix: 'kubectl get pvc',
          right: { verb: 'list', resource: pods },
        }),
        ...{ check: 'b', namespace: 'demo', about: 'deployment/foo' },
      },
    ]),
  },
  {
    file: 'claim-coverage-list.schema.json',
    list: coverageList(claims, {
      totals: totalsOf(claims, 1),
      lacks: [{ verb: 'list', resource: volumeSnapshots }],
    }),
  },
];
for (const { file, list } of rows) {
  test(`${file} describes the output, and no other field`, async () => {
    assert.ok(list.items.length >= 2);
    assert.equal(await problems(file, list), null);
    assert.equal(await problems(file, { ...list, items: [] }), null);
    assert.notEqual(await problems(file, { ...list, items: [{ ...list.items[0], more: 1 }] }), null);
  });
}
