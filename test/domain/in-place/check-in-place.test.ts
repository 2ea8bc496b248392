import assert from 'node:assert/strict';
import { test } from 'node:test';

import { stashCondition } from '#src/api/conditions.ts';
import type {
  ManagedFields,
  OwnerReference,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Stored,
} from '#src/api/kubernetes.ts';
import { annotation, holdFinalizer } from '#src/api/labels.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import {
  checkInPlace,
  type ClaimInPlace,
  type InPlaceScene,
  type UserPod,
} from '#src/domain/in-place/check-in-place.ts';
import { formatRecord, type InPlaceRecord } from '#src/domain/in-place/record.ts';
import { formatSwapped } from '#src/domain/in-place/swapped-volume.ts';
import { targetAnnotation } from '#src/domain/workload/target.ts';
import { backupSession, claim, pod, restoreSession, stored, target } from '#test/domain/objects.ts';

const ordinary = 'kubectl stash restore ordinary';
const beside = 'kubectl stash restore beside';

function live(
  metadata: Partial<PersistentVolumeClaim['metadata']> = {},
  changes: Partial<Pick<PersistentVolumeClaim, 'spec' | 'status'>> = {},
): Stored<PersistentVolumeClaim> {
  const { spec } = claim('data');
  return claim('data', {
    metadata: { name: 'data', finalizers: ['kubernetes.io/pvc-protection'], ...metadata },
    ...{ spec: { ...spec, storageClassName: 'fast' }, ...changes },
  });
}

function volume(
  changes: Partial<PersistentVolume['spec']> = {},
  {
    phase = 'Bound',
    annotations = { 'pv.kubernetes.io/provisioned-by': 'csi' },
    name = 'pv-data',
  }: {
    readonly phase?: string;
    readonly annotations?: Record<string, string>;
    readonly name?: string;
  } = {},
): Stored<PersistentVolume> {
  return stored<PersistentVolume>({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, annotations },
    spec: {
      csi: { driver: 'csi', volumeHandle: 'h' },
      claimRef: { namespace: 'demo', name: 'data', uid: live().metadata.uid },
      ...changes,
    },
    status: { phase },
  });
}

function scene(
  { claim = live(), volume: own = volume(), pods = [] }: Partial<ClaimInPlace> = {},
  more: Partial<InPlaceScene> = {},
): InPlaceScene {
  return {
    ...{ target, otherWays: { ordinary, beside }, restoreSessions: [], backupSessions: [] },
    ...{ database: undefined, yesOperator: false },
    claims: [{ claim, volume: own, pods }],
    volumes: [own],
    ...more,
  };
}

function user(name: string, controller?: Partial<OwnerReference>, changes: Partial<UserPod> = {}): UserPod {
  return {
    pod: pod(name, ['data']),
    controller: controller && {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: 'other',
      uid: 'u',
      ...controller,
    },
    isOurs: false,
    ...changes,
  };
}

const record: InPlaceRecord = {
  ...{ v: 1, method: 'swap', stop: 'gate', volumesOf: 'restore-sts-db-1773457200' },
  claims: [{ name: 'data', uid: 'u', volume: 'pv-data' }],
};

function swap(
  change: Partial<InPlaceRecord> | 'unreadable' = {},
  phase: 'Running' | 'Succeeded' = 'Running',
  of = target,
): Stored<RestoreSession> {
  const session = restoreSession({
    phase,
    ...(phase === 'Succeeded' && { conditions: [stashCondition.restoreCompleted] }),
  });
  const annotations = {
    ...targetAnnotation(of),
    [annotation.restoredFrom]: 'sts-db-1',
    [annotation.restoreFlags]: '[["--only","data"]]',
    [annotation.inPlace]: change === 'unreadable' ? '{"v":2}' : formatRecord({ ...record, ...change }),
  };
  return { ...session, metadata: { ...session.metadata, annotations } };
}

function backup(
  annotations: Record<string, string>,
  phase: 'Running' | 'Succeeded' = 'Running',
): Stored<BackupSession> {
  const session = backupSession({ phase });
  return { ...session, metadata: { ...session.metadata, annotations } };
}

const ended = (each: UserPod): UserPod => ({ ...each, pod: { ...each.pod, status: { phase: 'Failed' } } });
const ephemeralPod: Stored<Pod> = {
  ...pod('da', []),
  spec: {
    containers: [],
    volumes: [{ name: 'ta', ephemeral: { volumeClaimTemplate: { spec: {} } } }],
  },
};
const wrote = (manager: string): ManagedFields[] => [
  { manager, fieldsV1: { 'f:spec': { 'f:volumeName': {} } } },
];
const claimTarget = { ...target, kind: 'PersistentVolumeClaim', name: 'data' } as const;
const operated = user('pg-1', { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'pg' });
const database = { operator: 'CloudNativePG', name: 'cluster/pg', recovery: 'a new Cluster', others: [] };
const elsewhere = { ...target, name: 'other' };

const fine: readonly [string, InPlaceScene][] = [
  ['is bound and used by the workload', scene({ pods: [user('db-0', {}, { isOurs: true })] })],
  ['is used by a pod that has ended', scene({ pods: [ended(user('job'))] })],
  ['is held by an earlier restore in place', scene({ claim: live({ finalizers: [holdFinalizer] }) })],
  ['has no finalizers', scene({ claim: live({ finalizers: [] }) })],
  [
    'has a class by an annotation',
    scene({
      claim: live(
        { annotations: { [annotation.betaStorageClass]: 'old' } },
        { spec: { volumeName: 'pv-data' } },
      ),
    }),
  ],
  [
    'has a volume of a driver that was in Kubernetes',
    scene({
      volume: stored<PersistentVolume>({
        ...volume(),
        metadata: {
          name: 'pv-data',
          annotations: {
            'pv.kubernetes.io/provisioned-by': 'kubernetes.io/aws-ebs',
            'pv.kubernetes.io/migrated-to': 'ebs.csi.aws.com',
          },
        },
        spec: { claimRef: { uid: live().metadata.uid } },
      }),
    }),
  ],
  ...['kube-controller-manager', 'kubectl-stash', 'k3s', 'kubelite', 'kube-scheduler'].map(
    (manager): [string, InPlaceScene] => [
      `was bound by ${manager}`,
      scene({ claim: live({ managedFields: wrote(manager) }) }),
    ],
  ),
  [
    'was applied without a volume',
    scene({
      claim: live({
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"spec":{"volumeName":""}}' },
      }),
    }),
  ],
  [
    'belongs to a database whose operator the user knows',
    scene({ pods: [operated] }, { target: claimTarget, database, yesOperator: true }),
  ],
  [
    'is used by a pod of an operator that the user knows',
    scene({ pods: [operated] }, { target: claimTarget, yesOperator: true }),
  ],
  ['was restored in place before', scene({}, { restoreSessions: [swap({}, 'Succeeded')] })],
  [
    'is not the one of another restore in place',
    scene({}, { restoreSessions: [swap({ claims: [{ name: 'logs', uid: 'u', volume: 'v' }] })] }),
  ],
  [
    'has no part in a restore in place of another workload that cannot be read',
    scene({}, { restoreSessions: [swap('unreadable', 'Running', elsewhere)] }),
  ],
  ['is restored beside', scene({}, { restoreSessions: [restoreSession()] })],
  ['was snapshotted before', scene({}, { backupSessions: [backup(targetAnnotation(target), 'Succeeded')] })],
  [
    'is not the one that is being snapshotted',
    scene(
      {},
      {
        backupSessions: [backup({ ...targetAnnotation(elsewhere), [annotation.sessionClaims]: '["logs"]' })],
      },
    ),
  ],
  [
    'is not the claim, or the workload of its name, that is being snapshotted by itself',
    scene(
      {},
      {
        backupSessions: (
          [
            ['PersistentVolumeClaim', 'logs'],
            ['Deployment', 'data'],
            ['Deployment', 'db'],
          ] as const
        ).map(([kind, name]) => backup(targetAnnotation({ ...target, kind, name }))),
      },
    ),
  ],
  [
    'is of a session that is being deleted',
    scene(
      {},
      { restoreSessions: [stored({ ...swap(), metadata: { ...swap().metadata, deletionTimestamp: 'x' } })] },
    ),
  ],
  [
    'has a name for which another volume was bound, or is reserved in another namespace',
    scene(
      {},
      {
        volumes: [
          volume(),
          volume({ claimRef: { namespace: 'demo', name: 'data', uid: 'gone' } }, { phase: 'Released' }),
          volume({ claimRef: { namespace: 'prod', name: 'data' } }, { phase: 'Available' }),
          volume({ claimRef: { namespace: 'demo', name: 'logs' } }, { phase: 'Available' }),
          stored<PersistentVolume>({ ...volume(), spec: {} }),
        ],
      },
    ),
  ],
];

for (const [which, each] of fine) {
  test(`a claim can be restored in place that ${which}`, () => {
    assert.deepEqual(checkInPlace(each), []);
  });
}

const goOn =
  'bring it to its end first:\nkubectl stash restore statefulset/db --in-place -n demo --from sts-db-1 --only data';
const undo = 'bring it to its end first:\nkubectl stash undo restore-sts-db-1773457200 -n demo';
const unfinished =
  'restoresession/restore-sts-db-1773457200 restores these claims in place and has not ended';
const reservedFor = volume(
  { claimRef: { namespace: 'demo', name: 'data' } },
  { phase: 'Available', name: 'pv-foreign' },
);
const describe = (kind: string, name: string) => `kubectl describe ${kind} ${name} -n demo`;
const instead = `beside it:\n${beside}`;

const refused: readonly [string, InPlaceScene, message: string, hint: string][] = [
  ['is being restored in place', scene({}, { restoreSessions: [swap()] }), unfinished, goOn],
  ['is being put back', scene({}, { restoreSessions: [swap({ abandoned: true })] }), unfinished, undo],
  [
    'is being restored by an undo',
    scene({}, { restoreSessions: [swap({ volumesOf: 'restore-sts-db-1773450000' })] }),
    unfinished,
    'bring it to its end first:\nkubectl stash undo restore-sts-db-1773450000 -n demo',
  ],
  [
    'is of a workload with a restore in place that cannot be read',
    scene({}, { restoreSessions: [swap('unreadable')] }),
    unfinished,
    goOn,
  ],
  [
    'is of a workload that is being snapshotted',
    scene({}, { backupSessions: [backup(targetAnnotation(target))] }),
    'backupsession/sts-db-1773457200 takes a snapshot of these claims and has not ended',
    'kubectl stash wait sts-db-1773457200 -n demo',
  ],
  [
    'is being snapshotted by itself',
    scene(
      {},
      {
        backupSessions: [
          backup(targetAnnotation({ ...target, kind: 'PersistentVolumeClaim', name: 'data' })),
        ],
      },
    ),
    'backupsession/sts-db-1773457200 takes a snapshot of these claims and has not ended',
    'kubectl stash wait sts-db-1773457200 -n demo',
  ],
  [
    'is being snapshotted with another workload',
    scene({}, { backupSessions: [backup({ [annotation.sessionClaims]: '["logs","data"]' })] }),
    'backupsession/sts-db-1773457200 takes a snapshot of these claims and has not ended',
    'kubectl stash wait sts-db-1773457200 -n demo',
  ],
  ...(
    [
      ['is being deleted', live({ deletionTimestamp: '2026-03-14T03:00:00Z' })],
      ['has lost its volume', live({}, { status: { phase: 'Lost' } })],
      ['is not bound to a volume', live({}, { status: { phase: 'Pending' } })],
      ['is not bound to a volume', live({}, { status: {} })],
    ] as const
  ).map(([state, claim]): [string, InPlaceScene, string, string] => [
    state,
    scene({ claim }),
    `claim data ${state}: there is nothing to keep`,
    `once the claim is gone, restore it:\n${ordinary}`,
  ]),
  [
    'belongs to a pod',
    scene({ claim: claimNamed('da-ta'), pods: [user('da', {}, { pod: ephemeralPod, isOurs: true })] }),
    'claim da-ta belongs to pod da and is deleted with it',
    instead,
  ],
  [
    'has no class',
    scene({ claim: live({}, { spec: { volumeName: 'pv-data' } }) }),
    'claim data has no storage class: no driver would make its new volume',
    `beside it, with a class:\n${beside}\nkubectl get storageclass`,
  ],
  [
    'has the empty class',
    scene({ claim: live({}, { spec: { volumeName: 'pv-data', storageClassName: '' } }) }),
    'claim data has no storage class: no driver would make its new volume',
    `beside it, with a class:\n${beside}\nkubectl get storageclass`,
  ],
  [
    'has a volume that does not exist',
    { ...scene(), claims: [{ claim: live(), volume: undefined, pods: [] }] },
    'volume pv-data of claim data does not exist',
    instead,
  ],
  [
    'has a volume that failed',
    scene({ volume: volume({}, { phase: 'Failed' }) }),
    'volume pv-data of claim data is not bound to it: it is Failed',
    'kubectl describe persistentvolume pv-data',
  ],
  [
    'has a volume of another claim',
    scene({ volume: volume({ claimRef: { namespace: 'demo', name: 'data', uid: 'x' } }) }),
    'volume pv-data of claim data is not bound to it: it is Bound',
    'kubectl describe persistentvolume pv-data',
  ],
  [
    'has a volume that no CSI driver made',
    scene({
      volume: stored<PersistentVolume>({ ...volume(), spec: { claimRef: { uid: live().metadata.uid } } }),
    }),
    'volume pv-data of claim data has no CSI driver',
    instead,
  ],
  [
    'has a volume that was made by hand',
    scene({ volume: volume({}, { annotations: {} }) }),
    'volume pv-data of claim data was made by hand, not by its storage class',
    instead,
  ],
  [
    'names its volume in its manifest',
    scene({
      claim: live({
        annotations: {
          'kubectl.kubernetes.io/last-applied-configuration': '{"spec":{"volumeName":"pv-data"}}',
        },
      }),
    }),
    'claim data is bound to volume pv-data by its manifest, which names it',
    instead,
  ],
  [
    'has a volume that a tool chose',
    scene({ claim: live({ managedFields: wrote('argocd-controller') }) }),
    'claim data is bound to volume pv-data by argocd-controller, which names it',
    instead,
  ],
  [
    'is being cut',
    scene({
      claim: live({ finalizers: ['snapshot.storage.kubernetes.io/pvc-as-source-protection', 'x/y'] }),
    }),
    'a snapshot of claim data is being taken',
    'wait until it is ready:\nkubectl get volumesnapshots -n demo',
  ],
  [
    'has a foreign finalizer',
    scene({ claim: live({ finalizers: ['kubernetes.io/pvc-protection', 'a/b', 'c/d'] }) }),
    'claim data has the finalizer a/b, c/d, and would not go before it does',
    describe('pvc', 'data'),
  ],
  [
    'is used by a pod without controller',
    scene({ pods: [user('shell')] }),
    'pod shell uses claim data, and nothing would create it again: it has no controller',
    'kubectl delete pod shell -n demo',
  ],
  [
    'is used by another workload',
    scene({ pods: [user('other-x', {})] }),
    'pod other-x uses claim data and belongs to deployment/other',
    'to stop it, too, add --also deployment/other',
  ],
  [
    'is used by a Job',
    scene({ pods: [user('report-x', { kind: 'Job', name: 'report' })] }),
    'pod report-x uses claim data and belongs to job/report',
    'let it end, or delete it:\nkubectl wait job/report -n demo --for=condition=Complete\nkubectl delete job/report -n demo',
  ],
  [
    'is used by a pod of an operator',
    scene({ pods: [operated] }),
    'pod pg-1 uses claim data and belongs to cluster/pg (postgresql.cnpg.io), which may not create it again',
    describe('pod', 'pg-1'),
  ],
  [
    'is used by a pod of an operator, although the user names the claim alone',
    scene({ pods: [operated] }, { target: claimTarget }),
    'pod pg-1 uses claim data and belongs to cluster/pg (postgresql.cnpg.io), which may not create it again',
    `${describe('pod', 'pg-1')}\nif it does create it again, add --yes-operator`,
  ],
  [
    'is used by a pod of an operator beside the workload, whatever the user says',
    scene({ pods: [operated] }, { database, yesOperator: true }),
    'pod pg-1 uses claim data and belongs to cluster/pg (postgresql.cnpg.io), which may not create it again',
    describe('pod', 'pg-1'),
  ],
  [
    'is used by a Job, whatever the user says',
    scene(
      { pods: [user('report-x', { kind: 'Job', name: 'report' })] },
      { target: claimTarget, yesOperator: true },
    ),
    'pod report-x uses claim data and belongs to job/report',
    'let it end, or delete it:\nkubectl wait job/report -n demo --for=condition=Complete\nkubectl delete job/report -n demo',
  ],
  [
    'belongs to a database',
    scene({ pods: [operated] }, { target: claimTarget, database }),
    'the CloudNativePG operator manages these claims for cluster/pg',
    [
      'restore all instances together: the operator may copy one of them again from a peer',
      'better, let the operator restore it:\na new Cluster',
      'to restore these claims all the same, add --yes-operator',
    ].join('\n'),
  ],
  [
    'is one part of a database',
    scene({}, { database: { ...database, recovery: undefined, others: ['a', 'b', 'c', 'd'] } }),
    'the CloudNativePG operator manages these claims for cluster/pg, and claim a, b, c and 1 more of the same database would stay as it is',
    [
      'restore all instances together: one that goes back alone lacks what the others have',
      'logged since, so that they reject it, or the operator copies their data over it',
      'to restore these claims all the same, add --yes-operator',
    ].join('\n'),
  ],
  [
    'has a name for which a volume is reserved',
    scene({}, { volumes: [volume(), reservedFor] }),
    'volume pv-foreign is reserved for claim data',
    'kubectl describe persistentvolume pv-foreign',
  ],
  [
    'has a name for which a restore in place left a volume',
    scene(
      {},
      {
        volumes: [
          {
            ...reservedFor,
            metadata: {
              ...reservedFor.metadata,
              annotations: {
                [annotation.swap]: formatSwapped({
                  ...{ session: 'restore-old', namespace: 'demo', claim: 'data', role: 'incoming' },
                  ...{
                    target: { kind: 'StatefulSet', name: 'db' },
                    policy: 'Delete',
                    since: '2026-03-14T03:00:00Z',
                  },
                }),
              },
            },
          },
        ],
      },
    ),
    'volume pv-foreign is reserved for claim data',
    'kubectl stash forget restore-old -n demo',
  ],
];

for (const [which, each, message, hint] of refused) {
  test(`a claim is refused that ${which}`, () => {
    const [first] = checkInPlace(each);
    assert.deepEqual(first, {
      ...{ level: 'fail', kind: 'precondition' },
      ...{ message: `cannot restore in place: ${message}`, hint },
    });
  });
}

test('undo says that it cannot go back, and names no other way', () => {
  const undone = (changes: Partial<ClaimInPlace>) =>
    checkInPlace(scene(changes, { otherWays: undefined }))[0];
  assert.deepEqual(undone({ claim: live({}, { status: { phase: 'Lost' } }) }), {
    ...{ level: 'fail', kind: 'precondition' },
    message: 'cannot go back: claim data has lost its volume: there is nothing to keep',
    hint: describe('pvc', 'data'),
  });
  assert.deepEqual(undone({ volume: volume({}, { annotations: {} }) }), {
    ...{ level: 'fail', kind: 'precondition' },
    message: 'cannot go back: volume pv-data of claim data was made by hand, not by its storage class',
    hint: 'look at what is kept:\nkubectl stash volumes -n demo',
  });
});

test('all that is wrong is found, for each claim', () => {
  const bad = scene(
    { claim: live({ finalizers: ['a/b'] }), pods: [user('shell')] },
    { volumes: [volume(), reservedFor] },
  );
  const found = checkInPlace({ ...bad, claims: [...bad.claims, ...bad.claims] });
  assert.equal(found.length, 6);
});

function claimNamed(name: string): Stored<PersistentVolumeClaim> {
  const given = live();
  return { ...given, metadata: { ...given.metadata, name } };
}
