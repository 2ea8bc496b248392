/** Objects that an API server admits and that no tool of ours writes: each gets a right finding in plain words. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { ResourceQuota, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { oldKeptVolumes } from '#src/domain/checks/kept-volumes.ts';
import { operator } from '#src/domain/checks/operator.ts';
import { operatorJobs } from '#src/domain/checks/operator-jobs.ts';
import { quota } from '#src/domain/checks/quota.ts';
import { completePoints } from '#src/domain/checks/restore-points.ts';
import { sidecarLease } from '#src/domain/checks/sidecar-lease.ts';
import { snapshotClasses } from '#src/domain/checks/snapshot-classes.ts';
import { snapshotController } from '#src/domain/checks/snapshot-controller.ts';
import { stuckDeletions } from '#src/domain/checks/stuck-deletions.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { claim, configuration, stored, target } from '#test/domain/objects.ts';
import { snapshotOf as cutOf } from '#test/domain/restore-point-objects.ts';

import {
  driver,
  facts,
  good,
  hoursLater,
  lease,
  now,
  ofNamespace,
  ofTarget,
  snapshotClass,
  subject,
  volumesOf,
} from './facts.ts';
import { keptVolume, sidecarLeaseOf, triggerJob } from './ills.ts';

const tomorrow = new Date(now.getTime() + 24 * 3_600_000);

describe('a Lease that was renewed in the future tells nothing', () => {
  const ahead = lease('controller-0', tomorrow);

  test('of a snapshot controller', () => {
    assert.deepEqual(ofNamespace(snapshotController, { controllerLease: { value: ahead } }), [
      'unknown: neither a Lease nor a volumesnapshot tells whether a snapshot controller runs: the first snapshot will show it',
    ]);
  });

  test('of the operator', () => {
    const installed = { home: 'stash', watchNamespaces: undefined } as never;
    const found = ofNamespace(operator, {
      operator: { installed: { value: installed }, home: 'stash', lease: { value: ahead } },
    });
    assert.deepEqual(found, [
      'unknown: whether the operator of namespace stash runs: its Lease says that it was renewed at 2026-03-15T12:00:00.000Z, in the future',
    ]);
  });

  test('of a csi-snapshotter', () => {
    const sidecarLeases = { value: [sidecarLeaseOf('snapshotter-0', tomorrow)] };
    assert.deepEqual(
      ofTarget(sidecarLease, {}, { lists: { ...good, volumesnapshots: [] }, sidecarLeases }),
      [],
    );
  });
});

describe('a quota whose use is not known', () => {
  const counted = 'count/volumesnapshots.snapshot.storage.k8s.io';
  const of = (changes: Partial<ResourceQuota>) => {
    const one = stored<ResourceQuota>({
      ...{ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'small', namespace: 'demo' } },
      ...changes,
    });
    return ofTarget(quota, {}, { lists: { ...good, resourcequotas: [one] } });
  };

  test('has no room and does not lack it, as far as is known', () => {
    const unreported = [
      'unknown: resourcequota small limits count/volumesnapshots.snapshot.storage.k8s.io, and does not report yet how much is used',
    ];
    assert.deepEqual(of({ spec: { hard: { [counted]: '5' } } }), unreported);
    assert.deepEqual(of({ spec: { hard: { [counted]: '5' } }, status: { used: {} } }), unreported);
  });

  test('says nothing of what it does not limit, and odd amounts are read as Kubernetes reads them', () => {
    const room = ['ok: resourcequotas have room for 2 more snapshots'];
    assert.deepEqual(of({ spec: { hard: { pods: '5' } } }), room);
    for (const hard of ['1e30', '2k', '2000m', '2.0'])
      assert.deepEqual(
        of({ spec: { hard: { [counted]: hard } }, status: { used: { [counted]: '0' } } }),
        room,
      );
    const [line = ''] = of({ spec: { hard: { [counted]: '100m' } }, status: { used: { [counted]: '0' } } });
    assert.match(line, /^fail: .*1 of count\/volumesnapshots\S+ left, and 2 needed/);
  });
});

test('a kept volume whose time is malformed or in the future', () => {
  const since = (value: string) => {
    const volume = keptVolume();
    const swap = JSON.parse(volume.metadata.annotations?.[annotation.swap] ?? '') as object;
    const annotations = { [annotation.swap]: JSON.stringify({ ...swap, since: value }) };
    return { ...volume, metadata: { ...volume.metadata, annotations } };
  };
  for (const time of ['soon', tomorrow.toISOString()])
    assert.deepEqual(ofNamespace(oldKeptVolumes, { swapped: { value: [since(time)] } }), [
      'ok: restoresession demo/restore-1 has kept 1 volume of 10Gi, and does not say since when',
    ]);
});

test('a snapshot class that no class of the driver is like', () => {
  const lists = { ...good, volumesnapshotclasses: [snapshotClass('fats', undefined, 'other.example.com')] };
  const configured = configuration('nightly', { target: { snapshotClassName: 'fast' } });
  const [first] = snapshotClasses.find(
    facts({ lists, ...volumesOf({ csi: { driver, volumeHandle: 'h' } }) }),
    subject({ configuration: configured }),
  );
  assert.equal(first?.message, 'volume snapshot class fast does not exist');
  assert.doesNotMatch(first.hint ?? '', /did you mean/);
});

test('a snapshot that is being deleted, and claims that are restored from others', () => {
  const going: Stored<VolumeSnapshot> = {
    ...stored<VolumeSnapshot>({
      ...{ apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot' },
      metadata: { name: 'data', namespace: 'demo' },
      spec: { source: {} },
    }),
  };
  going.metadata.deletionTimestamp = hoursLater(0).toISOString();
  const of = (source: object) => {
    const pending = claim('copy', { spec: { dataSourceRef: source } as never, status: { phase: 'Pending' } });
    const lists = { volumesnapshots: [going], persistentvolumeclaims: [pending] };
    return ofNamespace(stuckDeletions, { now: hoursLater(3), lists }).join();
  };
  const snapshot = { kind: 'VolumeSnapshot', name: 'data', apiGroup: 'snapshot.storage.k8s.io' };
  const restored = /claim copy is still being restored from it/;
  assert.match(of(snapshot), restored);
  assert.match(of({ ...snapshot, namespace: 'demo' }), restored);
  assert.doesNotMatch(of({ ...snapshot, namespace: 'other' }), restored);
  assert.doesNotMatch(of({ ...snapshot, apiGroup: 'example.com' }), restored);
});

test('a restore point of the future', () => {
  const cut = cutOf('s-1', 'data-db-0', { target, created: tomorrow.toISOString() });
  const points = { value: restorePoints([cut], []) };
  const lists = { ...good, volumesnapshots: [cut] };
  assert.deepEqual(ofTarget(completePoints, {}, { points, lists }), [
    'ok: the newest restore point, s-1, is complete and dated in the future',
  ]);
});

test('a failed Job counts by the CronJob that made it, not by an owner of another group', () => {
  const owner = { apiVersion: 'example.com/v1', kind: 'App', name: 'app', uid: 'app-1' };
  const owned = (name: string, hours: number, condition: 'Complete' | 'Failed') => {
    const job = triggerJob(name, hoursLater(hours), condition);
    return {
      ...job,
      metadata: { ...job.metadata, ownerReferences: [owner, ...(job.metadata.ownerReferences ?? [])] },
    };
  };
  const other = owned('other-2', 2, 'Complete');
  const ofOther = { ...other, metadata: { ...other.metadata, ownerReferences: [owner] } };
  const of = (...jobs: (typeof other)[]) =>
    ofNamespace(operatorJobs, { operatorJobs: { value: { jobs, pods: [] } } });
  assert.equal(of(owned('trigger-1', 1, 'Failed'), ofOther).length, 1);
  assert.equal(of(owned('trigger-1', 1, 'Failed'), owned('trigger-2', 2, 'Complete')).length, 0);
});
