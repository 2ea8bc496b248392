/** How far one claim of a restore has come. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PersistentVolumeClaim } from '#src/api/kubernetes.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { claimProgress, type ClaimContext } from '#src/domain/restore/claim-progress.ts';

import { claim, created } from '#test/domain/objects.ts';

const source = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'data-1' };
const template: VolumeClaimTemplate = {
  metadata: { name: 'data' },
  spec: { dataSource: source, resources: { requests: { storage: '1Gi' } } },
};
const row = { claim: 'data', snapshot: 'data-1', size: '1Gi' };
const seen = { ...row, startedAt: new Date(created) };
const direct = { waitsForConsumer: false };
const late = { waitsForConsumer: true };
const unused = 'waits for its first consumer: no pod uses it';

const rows: [
  what: string,
  status: NonNullable<PersistentVolumeClaim['status']>,
  context: ClaimContext,
  expected: { phase: string; message?: string; size?: string },
][] = [
  ['without a phase', {}, direct, { phase: 'Running', message: 'waiting for its volume' }],
  ['pending', { phase: 'Pending' }, direct, { phase: 'Running', message: 'waiting for its volume' }],
  [
    'pending, with a pod',
    { phase: 'Pending' },
    { ...late, pod: 'db-0' },
    { phase: 'Running', message: 'waiting for its volume; pod db-0 uses it' },
  ],
  [
    'pending, without the pod that it waits for',
    { phase: 'Pending' },
    late,
    { phase: 'Unknown', message: unused },
  ],
  [
    'pending, without the pod, but with a warning',
    { phase: 'Pending' },
    { ...late, warning: 'x' },
    { phase: 'Unknown', message: unused },
  ],
  [
    'pending, with a warning',
    { phase: 'Pending' },
    { ...late, pod: 'db-0', warning: 'no space' },
    { phase: 'Running', message: 'no space' },
  ],
  ['lost', { phase: 'Lost' }, direct, { phase: 'Failed', message: 'the claim has lost its volume' }],
  ['bound', { phase: 'Bound' }, direct, { phase: 'Succeeded' }],
  [
    'bound to a larger volume',
    { phase: 'Bound', capacity: { storage: '2Gi' } },
    direct,
    { phase: 'Succeeded', size: '2Gi' },
  ],
  ['bound, and a pod is of no matter', { phase: 'Bound' }, late, { phase: 'Succeeded' }],
];

for (const [what, status, context, expected] of rows)
  test(`a claim ${what}: ${expected.phase}`, () => {
    const found = claim('data', { status });
    assert.deepEqual(claimProgress(template, found, context), { ...seen, ...expected });
  });

test('a claim that was not created is pending, and one that is being deleted has failed, bound or not', () => {
  assert.deepEqual(claimProgress(template, undefined, direct), {
    ...row,
    phase: 'Pending',
    message: 'not created yet',
  });
  const going = claim('data');
  going.metadata.deletionTimestamp = created;
  assert.deepEqual(claimProgress(template, going, direct), {
    ...seen,
    phase: 'Failed',
    message: 'the claim is being deleted',
  });
});

test('a claim that no controller has seen yet waits for its volume', () => {
  const { status, ...unseen } = claim('data');
  assert(status);
  assert.equal(claimProgress(template, unseen, direct).message, 'waiting for its volume');
});

test('the snapshot and the size are those of the template, which may name its source either way, or none', () => {
  const spec = (more: VolumeClaimTemplate['spec']) =>
    claimProgress({ metadata: { name: 'data' }, spec: more }, undefined, direct);
  const { snapshot, size } = spec({ dataSourceRef: source });
  assert.deepEqual([snapshot, size], ['data-1', undefined]);
  assert.equal(spec({ resources: {} }).size, undefined);
  assert.equal(spec({}).snapshot, undefined);
});
