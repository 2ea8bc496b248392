import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ContainerStatus, Pod, Stored, Workload } from '#src/api/kubernetes.ts';
import { rolloutOf } from '#src/domain/install/rollout.ts';

function deployment(status: Workload['status'], { replicas = 2, generation = 3 } = {}): Stored<Workload> {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'o',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '2026-03-14T03:00:00Z',
      generation,
    },
    spec: { replicas, template: { spec: { containers: [] } } },
    ...(status && { status }),
  };
}

function pod(status: Pod['status'], deletionTimestamp?: string): Stored<Pod> {
  const known = { name: 'o-1', uid: 'p', resourceVersion: '1', creationTimestamp: '2026-03-14T03:00:00Z' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...known, ...(deletionTimestamp !== undefined && { deletionTimestamp }) },
    spec: { containers: [] },
    ...(status && { status }),
  };
}

const up = {
  observedGeneration: 3,
  replicas: 2,
  updatedReplicas: 2,
  availableReplicas: 2,
  readyReplicas: 2,
};

for (const [name, status, done, state] of [
  ['all are up', up, true, '2 of 2 replicas are available'],
  ['nothing is known yet', undefined, false, '0 of 2 replicas are available'],
  [
    'the status is of an older spec',
    { ...up, observedGeneration: 2 },
    false,
    '0 of 2 replicas are available',
  ],
  ['old ones still serve', { ...up, updatedReplicas: 0 }, false, '0 of 2 replicas are available'],
  ['an old one has to go', { ...up, replicas: 3 }, false, '2 of 2 replicas are available'],
  ['one is up', { ...up, availableReplicas: 1 }, false, '1 of 2 replicas are available'],
] as const) {
  test(`${name}: ${done ? 'done' : 'not done'}`, () => {
    assert.deepEqual(rolloutOf(deployment(status), []), { done, state, trouble: [] });
  });
}

test('a paused Deployment is the trouble only where its pods are missing', () => {
  const paused = (status: Workload['status']) => {
    const object = deployment(status);
    return {
      ...object,
      metadata: { ...object.metadata, namespace: 'ops' },
      spec: { ...object.spec, paused: true },
    };
  };
  assert.deepEqual(rolloutOf(paused(up), []).trouble, []);
  assert.deepEqual(rolloutOf(paused({ ...up, updatedReplicas: 0 }), []).trouble, [
    'the Deployment is paused; to resume it: kubectl rollout resume deployment/o -n ops',
  ]);
});

test('a single replica is reported in the singular', () => {
  const { done, state } = rolloutOf(deployment({ observedGeneration: 3 }, { replicas: 1 }), []);
  assert.deepEqual([done, state], [false, '0 of 1 replica is available']);
});

const container = (status: Partial<ContainerStatus>): Pod['status'] => ({
  phase: 'Running',
  containerStatuses: [{ name: 'operator', ready: false, restartCount: 1, image: '', imageID: '', ...status }],
});

for (const [name, status, words] of [
  [
    'unschedulable',
    { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }] },
    'pod o-1 cannot be scheduled: 0/3 nodes are available',
  ],
  [
    'no image',
    container({ state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x"' } } }),
    'pod o-1 waits (ImagePullBackOff): Back-off pulling image "x"',
  ],
  [
    'crashes: the last that it wrote',
    container({
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } },
      lastState: { terminated: { exitCode: 1, reason: 'Error', message: 'one\nerror: no lease\n' } },
    }),
    'pod o-1 exited with code 1: error: no lease',
  ],
  [
    'ends without a fault, again and again',
    container({
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } },
      lastState: { terminated: { exitCode: 0, reason: 'Completed' } },
    }),
    'pod o-1 exited with code 0: Completed',
  ],
  [
    'killed',
    container({ state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }),
    'pod o-1 exited with code 137: OOMKilled',
  ],
  [
    'crashed without a word',
    container({ state: { terminated: { exitCode: 1, reason: 'Error' } } }),
    'pod o-1 exited with code 1',
  ],
  [
    'crashed with an empty message',
    container({ state: { terminated: { exitCode: 1, reason: 'Error', message: '' } } }),
    'pod o-1 exited with code 1',
  ],
  [
    'crashes: the last of three lines',
    container({ state: { terminated: { exitCode: 1, message: 'one\ntwo\nthree' } } }),
    'pod o-1 exited with code 1: three',
  ],
  ['ended without a fault', container({ state: { terminated: { exitCode: 0 } } }), undefined],
  [
    'not ready, for a reason that is no trouble',
    { conditions: [{ type: 'Ready', status: 'False', message: 'containers with unready status' }] },
    undefined,
  ],
  ['unknown yet', undefined, undefined],
  ['evicted, for a reason', { phase: 'Failed', reason: 'Evicted' }, 'pod o-1 failed: Evicted'],
  ['evicted', { phase: 'Failed', message: 'low on memory' }, 'pod o-1 failed: low on memory'],
  ['being made', container({ state: { waiting: { reason: 'ContainerCreating' } } }), undefined],
  ['up again', container({ ready: true, lastState: { terminated: { exitCode: 1 } } }), undefined],
] as const satisfies readonly (readonly [string, Pod['status'], string | undefined])[]) {
  test(`a pod that blocks the rollout: ${name}`, () => {
    const { trouble } = rolloutOf(deployment(undefined), [pod(status)]);
    assert.deepEqual(trouble, words === undefined ? [] : [words]);
    assert.deepEqual(rolloutOf(deployment(undefined), [pod(status, '2026-03-14T03:00:00Z')]).trouble, []);
  });
}

test('pods that cannot be created', () => {
  const conditions = [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' }];
  assert.deepEqual(rolloutOf(deployment({ ...up, conditions }), []).trouble, [
    'no pod can be created: exceeded quota',
  ]);
  const reasons = [
    { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: '' },
    { type: 'ReplicaFailure', status: 'True' },
    { type: 'ReplicaFailure', status: 'False', message: 'over' },
    { type: 'Available', status: 'True', message: 'minimum availability' },
  ];
  assert.deepEqual(rolloutOf(deployment({ ...up, conditions: reasons }), []).trouble, [
    'no pod can be created: FailedCreate',
    'no pod can be created: no reason given',
  ]);
});

test('a Deployment of generation unknown that has no status has no replicas yet', () => {
  const { generation, ...metadata } = deployment(undefined).metadata;
  assert.equal(generation, 3);
  const { done, state } = rolloutOf({ ...deployment(undefined), metadata }, []);
  assert.deepEqual([done, state], [false, '0 of 2 replicas are available']);
});
