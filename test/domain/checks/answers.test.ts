/** What checks find where it is not what their fixture shows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { CsiNode, PersistentVolumeClaim, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { csiDrivers, leases, nodes, secrets, volumeSnapshots } from '#src/api/resources.ts';
import { beingCreated, protection } from '#src/api/snapshot-controller.ts';
import { driverLimit, driverLimits } from '#src/domain/backup/driver-limits.ts';
import { secretsOf } from '#src/domain/backup/class-secrets.ts';
import { admission } from '#src/domain/checks/admission.ts';
import { classSecrets } from '#src/domain/checks/class-secrets.ts';
import { csiDriver } from '#src/domain/checks/csi-driver.ts';
import { driverSidecar } from '#src/domain/checks/driver-sidecar.ts';
import { leakedContents } from '#src/domain/checks/leaked-contents.ts';
import { gitops } from '#src/domain/checks/gitops.ts';
import { nodeLocal } from '#src/domain/checks/node-local.ts';
import { operator } from '#src/domain/checks/operator.ts';
import { quota } from '#src/domain/checks/quota.ts';
import { snapshotController } from '#src/domain/checks/snapshot-controller.ts';
import { storageClass } from '#src/domain/checks/storage-classes.ts';
import { stuckDeletions } from '#src/domain/checks/stuck-deletions.ts';
import { stuckSnapshots } from '#src/domain/checks/stuck-snapshots.ts';
import { leakedContents as leakedContentsAmong } from '#src/domain/restore-points/leaked-contents.ts';
import { claim } from '#test/domain/objects.ts';

import {
  claims,
  driver,
  facts,
  good,
  hoursLater,
  lacking,
  lease,
  ofNamespace,
  ofTarget,
  snapshotClass,
  volumesOf,
  withAppscode,
  type Changes,
} from './facts.ts';
import {
  complete,
  contentOf,
  made,
  nodeOf,
  onNode,
  quotaOf,
  snapshotOf,
  storageClassOf,
  withSnapshots,
} from './ills.ts';

const now = hoursLater(1);
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
const bound = { boundVolumeSnapshotContentName: 'content' };
const waiting = (minutes: number) =>
  snapshotOf({}, { name: 'waits', created: minutesAgo(minutes).toISOString() });
const answered = (minutes: number) => snapshotOf(bound, { created: minutesAgo(minutes).toISOString() });

test('who answers snapshots', () => {
  const held = (minutes: number) => ({
    controllerLease: { value: lease('controller-0', minutesAgo(minutes)) },
  });
  const rows: [string, readonly Stored<VolumeSnapshot>[], Changes, RegExp][] = [
    ['nothing tells', [], {}, /^unknown: neither a Lease nor a volumesnapshot tells/],
    [
      'the Lease may not be read',
      [],
      { controllerLease: lacking({ verb: 'get', resource: leases }) },
      /^unknown: needs get leases/,
    ],
    ['a Lease that is renewed', [], held(0), /^ok: a snapshot controller runs: controller-0 leads$/],
    [
      'a Lease that is not',
      [],
      held(5),
      /^fail: no snapshot controller leads: the last one renewed its Lease 5m ago$/,
    ],
    [
      'a Lease that was given back',
      [],
      { controllerLease: { value: lease('', now) } },
      /^fail: no snapshot controller leads$/,
    ],
    [
      'an older Lease than the last answer',
      [answered(3)],
      held(5),
      /^ok: a snapshot controller answered volumesnapshot demo\/data-db-0-1 3m ago$/,
    ],
    ['a newer Lease than the last answer', [answered(9)], held(5), /^fail: no snapshot controller leads/],
    ['a snapshot that waits for less than a minute', [waiting(0.9)], {}, /^unknown/],
    [
      'a snapshot that waits longer',
      [waiting(1.1)],
      {},
      /^fail: no snapshot controller answers: .* for 66s$/,
    ],
    ['one that waits, and a later answer', [waiting(9), answered(3)], {}, /^ok/],
    [
      'one that waits since the last answer',
      [waiting(3), answered(9)],
      held(0),
      /^fail: no snapshot controller answers/,
    ],
  ];
  for (const [name, snapshots, more, words] of rows) {
    const found = ofNamespace(snapshotController, { ...withSnapshots(snapshots), now, ...more });
    assert.match(found.join('\n'), words, name);
  }
});

test('data that no snapshot names: not where another content brings it back', () => {
  const [live] = complete;
  const retained = (uid: string | undefined, source: { volumeHandle?: string; snapshotHandle?: string }) =>
    contentOf({ deletionPolicy: 'Retain', volumeSnapshotRef: uid === undefined ? {} : { uid }, source });
  const lost = retained('gone', { volumeHandle: 'v' });
  const cut = { ...lost, status: { ...lost.status, snapshotHandle: 's1' } };
  const found = (...volumesnapshotcontents: (typeof lost)[]) => {
    const uids = new Set(complete.map(({ metadata }) => metadata.uid));
    const read = leakedContentsAmong(uids, hoursLater(1));
    for (const content of volumesnapshotcontents) read.add(content);
    const all = leakedContents.find(facts({ leaked: { value: read.end() } }));
    return all.map(({ level, message }) => `${level}: ${message.split(' ')[0] ?? ''}`);
  };
  const again = (uid: string | undefined, snapshotHandle: string) => retained(uid, { snapshotHandle });
  assert.deepEqual(found(cut, lost), ['warn: 2']);
  assert.deepEqual(found(cut, again(live?.metadata.uid, 's1')), ['ok: each']);
  assert.deepEqual(found(cut, again(undefined, 's1')), ['ok: each'], 'its snapshot is not bound yet');
  assert.deepEqual(found(cut, again(live?.metadata.uid, 's2')), ['warn: 1']);
  assert.deepEqual(found(cut, again('gone, too', 's1')), ['warn: 2']);
  const odd = { ...lost, status: { restoreSize: 0.5 } };
  assert.deepEqual(found(odd), ['warn: 1']);
  const young = { ...lost, metadata: { ...lost.metadata, creationTimestamp: hoursLater(1).toISOString() } };
  assert.deepEqual(found(young), ['ok: each'], 'its snapshot was created after the snapshots were listed');
});

test('what a driver makes of a content', () => {
  const of = (contents: Changes['contents']) =>
    ofNamespace(driverSidecar, { ...withSnapshots([answered(12)]), now, ...(contents && { contents }) });
  assert.deepEqual(of({ value: new Map([['content', contentOf({}, { [beingCreated]: 'yes' })]]) }), [
    `warn: driver ${driver} has begun volumesnapshot data-db-0-1 and has not cut it after 12m`,
  ]);
  assert.deepEqual(of({ value: new Map() }), []);
  assert.deepEqual(of(lacking({ verb: 'get', resource: volumeSnapshots })), [
    'unknown: needs get volumesnapshots.snapshot.storage.k8s.io',
  ]);
  const cut = snapshotOf(
    { ...bound, creationTime: minutesAgo(11).toISOString() },
    { created: minutesAgo(12).toISOString() },
  );
  assert.deepEqual(ofNamespace(driverSidecar, { ...withSnapshots([cut]), now }), []);
  assert.deepEqual(ofNamespace(stuckSnapshots, { ...withSnapshots([cut]), now }), [
    'warn: volumesnapshot data-db-0-1 is not ready after 12m',
  ]);
});

test('what holds a snapshot that is being deleted', () => {
  const deleting = (...finalizers: string[]) => {
    const snapshot = snapshotOf(bound, { deleting: true });
    return { ...snapshot, metadata: { ...snapshot.metadata, finalizers } };
  };
  const filling: Stored<PersistentVolumeClaim> = claim('copy', {
    spec: {
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'data-db-0-1' },
    },
    status: { phase: 'Pending' },
  });
  const rows: [string[], Stored<PersistentVolumeClaim>[], string][] = [
    [[protection.source], [filling], 'claim copy is still being restored from it'],
    [[protection.group], [], 'a volume group snapshot has it: delete that one'],
    [[protection.bound, 'example.com/hold'], [], 'finalizer example.com/hold: its owner must remove it'],
    [
      [protection.bound],
      claims,
      'its content is not deleted: the csi-snapshotter of its driver is gone, or the driver refuses',
    ],
  ];
  for (const [finalizers, persistentvolumeclaims, why] of rows) {
    const changes = {
      ...withSnapshots([deleting(...finalizers)], { persistentvolumeclaims }),
      now: hoursLater(3),
    };
    assert.deepEqual(ofNamespace(stuckDeletions, changes), [
      `warn: the deletion of volumesnapshot data-db-0-1 has not ended after 3h: ${why}`,
    ]);
  }
  assert.deepEqual(ofNamespace(stuckDeletions, { ...withSnapshots([deleting()]), now: hoursLater(1) }), []);
});

test('limits by the words of each storage system', () => {
  const rows = [
    ['rpc error: code = Internal desc = SnapshotCreationPerVolumeRateExceeded: wait', 0],
    ['ConcurrentSnapshotLimitExceeded: too many', 1],
    ['googleapi: Error 403: RESOURCE_OPERATION_RATE_EXCEEDED', 2],
    ['SnapshotLimitExceeded: 10000', 3],
    ['reached the maximum number of snapshots', 3],
    ['HTTPStatusCode: 429, RawError', 4],
    ['TooManyRequests', 4],
    ['volume 4290 is gone', undefined],
  ] as const;
  for (const [words, place] of rows) {
    assert.equal(driverLimit(words), place === undefined ? undefined : driverLimits[place], words);
  }
});

test('what the API server would admit', () => {
  const of = (refusal: string | undefined) =>
    ofNamespace(admission, { admission: [{ resource: volumeSnapshots, refusal }] });
  assert.deepEqual(of(undefined), ['ok: the API server admits volumesnapshots in namespace demo']);
  assert.deepEqual(of('forbidden: exceeded quota: small'), [
    'ok: the API server admits volumesnapshots in namespace demo',
  ]);
  assert.deepEqual(of('admission webhook "a" does not support dry run'), [
    'unknown: whether volumesnapshots are admitted: admission webhook "a" does not support dry run',
  ]);
  assert.deepEqual(ofNamespace(admission), []);
  const hintsOf = (more: { hint?: string }) =>
    admission
      .find(facts({ admission: [{ resource: volumeSnapshots, refusal: 'no', ...more }] }))
      .map(({ hint }) => hint?.split(' ').slice(0, 3).join(' '));
  assert.deepEqual(hintsOf({}), ['an administrator finds']);
  assert.deepEqual(hintsOf({ hint: 'kubectl get namespace demo' }), ['kubectl get namespace']);
});

test('where the driver runs', () => {
  const registered = made<CsiNode>('storage.k8s.io/v1', 'CSINode', 'worker', {
    spec: { drivers: [{ name: driver, nodeID: 'worker' }] },
  });
  const installed = made('storage.k8s.io/v1', 'CSIDriver', driver, {});
  const rows: [Changes['lists'], string[]][] = [
    [{ csinodes: [registered], csidrivers: 'lacks' }, [`ok: driver ${driver} runs on 1 node`]],
    [{ csinodes: [registered, registered] }, [`ok: driver ${driver} runs on 2 nodes`]],
    [{ csinodes: [], csidrivers: [installed] }, [`warn: driver ${driver} is registered on no node`]],
    [{ csinodes: 'lacks', csidrivers: [] }, ['unknown: needs list csinodes.storage.k8s.io']],
    [{ csinodes: [], csidrivers: 'lacks' }, ['unknown: needs list csidrivers.storage.k8s.io']],
  ];
  for (const [lists, found] of rows)
    assert.deepEqual(ofTarget(csiDriver, {}, { lists: { ...good, ...lists } }), found);
  assert.equal(csiDrivers.namespaced, false);
});

test('where the data is', () => {
  const of = (source: object, known: Changes['nodes']) =>
    ofTarget(
      nodeLocal,
      {},
      { lists: good, ...volumesOf(source, ['data-db-0']), ...(known && { nodes: known }) },
    );
  assert.deepEqual(of(onNode('worker-1'), { value: [nodeOf('worker-1', 'True')] }), [
    'ok: the volumes are on worker-1, ready',
  ]);
  assert.deepEqual(of(onNode('worker-1'), { value: [nodeOf('worker-2', 'True')] }), [
    'fail: the data of claim data-db-0 is on node worker-1 only, which does not exist: it can be neither snapshotted nor restored in place',
  ]);
  assert.deepEqual(of(onNode('worker-1'), lacking({ verb: 'list', resource: nodes })), [
    'unknown: needs list nodes',
  ]);
  assert.deepEqual(
    of({ csi: { driver, volumeHandle: 'h' } }, lacking({ verb: 'list', resource: nodes })),
    [],
  );
  const zoned = {
    nodeSelectorTerms: [
      { matchExpressions: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: ['a'] }] },
    ],
  };
  assert.deepEqual(of({ nodeAffinity: { required: zoned } }, { value: [] }), []);
});

test('secrets of a class', () => {
  const named = (name: string, namespace: string) => ({
    ...snapshotClass('fast'),
    parameters: {
      'csi.storage.k8s.io/snapshotter-secret-name': name,
      'csi.storage.k8s.io/snapshotter-secret-namespace': namespace,
    },
  });
  assert.deepEqual(secretsOf(named('key', 'storage'), 'demo'), [{ namespace: 'storage', name: 'key' }]);
  assert.deepEqual(secretsOf(named('${volumesnapshot.name}', 'storage'), 'demo'), []);
  assert.deepEqual(secretsOf(snapshotClass('fast'), 'demo'), []);
  const of = (read: { value: boolean } | ReturnType<typeof lacking>) =>
    ofTarget(
      classSecrets,
      {},
      {
        lists: { ...good, volumesnapshotclasses: [named('key', '${volumesnapshot.namespace}')] },
        secrets: new Map([['demo/key', read]]),
      },
    );
  assert.deepEqual(of({ value: true }), ['ok: secret demo/key of volume snapshot class fast exists']);
  assert.deepEqual(of(lacking({ verb: 'list', resource: secrets })), ['unknown: needs list secrets']);
});

test('room in quotas', () => {
  const of = (...quotas: ReturnType<typeof quotaOf>[]) =>
    ofTarget(quota, {}, { lists: { ...good, resourcequotas: quotas } });
  const count = 'count/volumesnapshots.snapshot.storage.k8s.io';
  assert.deepEqual(of(), []);
  assert.deepEqual(of(quotaOf({ [count]: '6' }, { [count]: '4' })), [
    'ok: resourcequotas have room for 2 more snapshots',
  ]);
});

test('storage classes of a restore', () => {
  const of = (...classes: ReturnType<typeof storageClassOf>[]) =>
    ofTarget(storageClass, {}, withSnapshots(complete, { storageclasses: classes }));
  assert.deepEqual(of(storageClassOf('disk', driver)), [
    'ok: the storage classes exist, and restored claims are bound at once',
  ]);
  assert.deepEqual(of({ ...storageClassOf('disk', driver), volumeBindingMode: 'WaitForFirstConsumer' }), [
    'ok: the storage classes exist; restored claims are bound when a pod uses them',
  ]);
  assert.deepEqual(of(), ['warn: storage class disk of claim data-db-0 does not exist']);
});

test('which tool owns the claims', () => {
  const of = (labels: Record<string, string>, annotations: Record<string, string> = {}) =>
    ofTarget(
      gitops,
      {},
      {
        lists: {
          persistentvolumeclaims: claims.map((each) => ({
            ...each,
            metadata: { ...each.metadata, labels, annotations },
          })),
        },
      },
    );
  const owned = (tool: string) => [
    `ok: ${tool} owns the claims: a restore under their own names keeps its marks, a copy gets none, and deletes a claim that Git or the chart no longer has`,
  ];
  assert.deepEqual(of({}, { 'argocd.argoproj.io/tracking-id': 'shop' }), owned('Argo CD'));
  assert.deepEqual(of({ 'kustomize.toolkit.fluxcd.io/name': 'shop' }), owned('Flux'));
  assert.deepEqual(of({}, { 'meta.helm.sh/release-name': 'shop' }), owned('Helm'));
  assert.deepEqual(of({ 'app.kubernetes.io/instance': 'shop' }), []);
});

test("our operator beside AppsCode's", () => {
  const led = {
    installed: { value: undefined },
    home: 'stash',
    lease: { value: lease('operator-0', hoursLater(0)) },
  };
  assert.deepEqual(ofNamespace(operator, { groups: withAppscode, operator: led, now: hoursLater(0) }), [
    "fail: AppsCode's operator runs beside the one of namespace stash: both carry sessions out",
  ]);
});
