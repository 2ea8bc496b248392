/** What a follower shows of a restore that another executor carries out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PersistentVolumeClaim, Stored, StorageClass } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { followedClaims, type Followed } from '#src/domain/restore/followed-claims.ts';
import { claim, pod, restoreSession, stored } from '#test/domain/objects.ts';

type Stat = NonNullable<NonNullable<RestoreSession['status']>['stats']>[number];

function session(stats: readonly Stat[] | undefined): Stored<RestoreSession> {
  const dataSource = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'snap' };
  const spec = { accessModes: ['ReadWriteOnce' as const], storageClassName: 'late', dataSource };
  const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec }];
  return {
    ...restoreSession({ phase: 'Running', ...(stats && { stats: [...stats] }) }),
    spec: { driver: 'VolumeSnapshotter', target: { volumeClaimTemplates } },
  };
}

const pending = claim('data', { status: { phase: 'Pending' } });
const late = stored<StorageClass>({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'late' },
  provisioner: 'csi',
  volumeBindingMode: 'WaitForFirstConsumer',
});

test('a claim is as far as it is itself, and failed where the executor says so', () => {
  const stat = (phase: NonNullable<Stat['phase']>, more: Partial<Stat> = {}): Stat => ({
    hostname: 'data',
    phase,
    ...more,
  });
  const nobody = 'waits for its first consumer: no pod uses it';
  const rows: {
    name: string;
    stats?: Stat[];
    seen?: Stored<PersistentVolumeClaim>;
    more?: Partial<Followed>;
    is: [phase: string, message: string | undefined];
  }[] = [
    { name: 'not made', is: ['Pending', 'not created yet'] },
    { name: 'made', seen: pending, is: ['Running', 'waiting for its volume'] },
    { name: 'bound', seen: claim('data'), is: ['Succeeded', undefined] },
    { name: 'of a class that waits', seen: pending, more: { classes: [late] }, is: ['Unknown', nobody] },
    { name: 'said to wait', seen: pending, stats: [stat('Unknown')], is: ['Unknown', nobody] },
    {
      name: 'said to run',
      seen: pending,
      stats: [stat('Running')],
      is: ['Running', 'waiting for its volume'],
    },
    {
      name: 'used by a pod',
      seen: pending,
      more: { classes: [late], pods: [pod('web', ['data'])] },
      is: ['Running', 'waiting for its volume; pod web uses it'],
    },
    {
      name: 'said to have failed',
      seen: pending,
      stats: [stat('Failed', { error: 'full' })],
      is: ['Failed', 'full'],
    },
    {
      name: 'said to have failed without a reason',
      stats: [stat('Failed')],
      is: ['Failed', 'not created yet'],
    },
    {
      name: 'bound nevertheless',
      seen: claim('data'),
      stats: [stat('Failed', { error: 'full' })],
      is: ['Succeeded', undefined],
    },
    {
      name: 'another that failed',
      seen: pending,
      stats: [stat('Failed', { hostname: 'logs' })],
      is: ['Running', 'waiting for its volume'],
    },
  ];
  for (const { name, stats, seen, more, is } of rows) {
    const claims = new Map(seen ? [['data', seen]] : []);
    const followed = followedClaims(session(stats), { claims, classes: [], pods: [], ...more });
    assert.deepEqual(
      followed.map(({ claim, snapshot, phase, message }) => [claim, snapshot, phase, message]),
      [['data', 'snap', ...is]],
      name,
    );
  }
  const unbegun = { ...session(undefined) };
  delete unbegun.status;
  assert.equal(followedClaims(unbegun, { claims: new Map(), classes: [], pods: [] })[0]?.phase, 'Pending');
});

test('a claim that does not exist after the end was made and deleted, or never made', () => {
  for (const phase of ['Succeeded', 'Failed'] as const) {
    const ended = { ...session([]), status: { phase } };
    const [row] = followedClaims(ended, { claims: new Map(), classes: [], pods: [] });
    assert.equal(row?.message, 'the claim does not exist');
  }
});
