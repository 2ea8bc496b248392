import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Condition, ContainerStatus, Job, Pod, Stored } from '#src/api/kubernetes.ts';
import { isPodOver, jobState, type JobState } from '#src/domain/session/job-state.ts';

import { stored } from '#test/domain/objects.ts';

const job = (...conditions: Partial<Condition>[]) =>
  stored<Job>({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'stash-vs-s' },
    status: { conditions: conditions.map((each) => ({ type: '', status: 'True', ...each })) },
  });

type PodStatus = NonNullable<Pod['status']>;
type ContainerState = NonNullable<ContainerStatus['state']>;

const jobOwner = { apiVersion: 'batch/v1', kind: 'Job', name: 'stash-vs-s' };

function pod(name: string, status: PodStatus, metadata: Pod['metadata'] = {}): Stored<Pod> {
  return stored<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      ownerReferences: [{ ...jobOwner, uid: job().metadata.uid }],
      ...metadata,
    },
    spec: { containers: [] },
    status,
  });
}

const unowned = pod('p', { phase: 'Running' });
delete unowned.metadata.ownerReferences;

const container = (state: ContainerState): ContainerStatus => ({
  name: 'stash',
  ready: false,
  restartCount: 0,
  image: '',
  imageID: '',
  state,
});

const scheduled = { type: 'PodScheduled', status: 'True' } as const;
const pending = (state?: ContainerState, ...conditions: Condition[]): PodStatus => ({
  phase: 'Pending',
  conditions,
  ...(state && { containerStatuses: [container(state)] }),
});
const failed = (terminated: NonNullable<ContainerState['terminated']>): PodStatus => ({
  phase: 'Failed',
  containerStatuses: [container({ terminated })],
});
const gaveUp = { type: 'Failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the limit' };
const later = { creationTimestamp: '2026-03-14T03:00:09Z' };

const rows: [string, Stored<Job>, Stored<Pod>[], JobState][] = [
  ['no pod', job(), [], { state: 'waiting', why: 'no pod has been created for it yet', stuck: false }],
  [
    'no pod any more',
    { ...job(), status: { failed: 1 } },
    [],
    { state: 'waiting', why: 'its next pod has not been created yet', stuck: false },
  ],
  [
    'only the pod of another Job',
    job(),
    [pod('p', { phase: 'Running' }, { ownerReferences: [] })],
    { state: 'waiting', why: 'no pod has been created for it yet', stuck: false },
  ],
  [
    'not looked at',
    job(),
    [pod('p', pending())],
    { state: 'waiting', why: 'pod p waits for a node', stuck: false },
  ],
  [
    'unschedulable',
    job(),
    [
      pod(
        'p',
        pending(undefined, {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: '0/1 nodes are available:\n1 node(s) did not match',
        }),
      ),
    ],
    {
      state: 'waiting',
      why: 'pod p cannot be scheduled: 0/1 nodes are available: 1 node(s) did not match',
      stuck: true,
    },
  ],
  [
    'image',
    job(),
    [
      pod(
        'p',
        pending(
          { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x"' } },
          scheduled,
        ),
      ),
    ],
    {
      state: 'waiting',
      why: 'pod p cannot pull its image (ImagePullBackOff): Back-off pulling image "x"',
      stuck: true,
    },
  ],
  [
    'configuration of the container',
    job(),
    [
      pod(
        'p',
        pending({ waiting: { reason: 'CreateContainerConfigError', message: 'secret "s" not found' } }),
      ),
    ],
    {
      state: 'waiting',
      why: 'container stash of pod p waits (CreateContainerConfigError): secret "s" not found',
      stuck: true,
    },
  ],
  [
    'container creating',
    job(),
    [pod('p', pending({ waiting: { reason: 'ContainerCreating' } }, scheduled))],
    { state: 'waiting', why: 'the container of pod p is being created', stuck: false },
  ],
  [
    'on its way',
    job(),
    [pod('p', pending(undefined, scheduled))],
    { state: 'waiting', why: 'pod p is being started', stuck: false },
  ],
  [
    'its pod is being deleted',
    job(),
    [pod('p', pending(undefined, scheduled), { deletionTimestamp: 'x' })],
    { state: 'waiting', why: 'pod p is being deleted', stuck: false },
  ],
  [
    'the pod of another Job with an owner',
    job(),
    [pod('p', { phase: 'Running' }, { ownerReferences: [{ ...jobOwner, uid: 'uid-of-another' }] })],
    { state: 'waiting', why: 'no pod has been created for it yet', stuck: false },
  ],
  [
    'nothing is known yet of its pod, nor of it',
    { ...job(), status: undefined } as unknown as Stored<Job>,
    [{ ...pod('p', {}), status: undefined } as unknown as Stored<Pod>],
    { state: 'waiting', why: 'pod p waits for a node', stuck: false },
  ],
  [
    'nothing is known yet of it',
    { ...job(), status: undefined } as unknown as Stored<Job>,
    [unowned],
    { state: 'waiting', why: 'no pod has been created for it yet', stuck: false },
  ],
  [
    'suspended',
    job({ type: 'Suspended', message: 'Job suspended' }),
    [],
    { state: 'waiting', why: 'Job suspended', stuck: false },
  ],
  [
    'another condition before the one about its node',
    job(),
    [
      pod(
        'p',
        pending(
          undefined,
          { type: 'PodReadyToStartContainers', status: 'True' },
          { type: 'PodScheduled', status: 'False', message: '' },
        ),
      ),
    ],
    { state: 'waiting', why: 'pod p cannot be scheduled', stuck: true },
  ],
  [
    'a container that runs beside one that waits',
    job(),
    [
      pod('p', {
        phase: 'Pending',
        containerStatuses: [container({}), container({ waiting: { reason: 'ErrImagePull' } })],
      }),
    ],
    { state: 'waiting', why: 'pod p cannot pull its image (ErrImagePull)', stuck: true },
  ],
  [
    'the two pods, given in any order, from the older on',
    job(gaveUp),
    [pod('q', failed({ exitCode: 2 }), later), pod('p', failed({ exitCode: 1 }))],
    { state: 'failed', why: 'Job has reached the limit; pod q exited with code 2' },
  ],
  [
    'a container that ended well beside the one that failed',
    job(gaveUp),
    [
      pod('p', {
        phase: 'Failed',
        containerStatuses: [
          container({}),
          container({ terminated: { exitCode: 0 } }),
          container({ terminated: { exitCode: 7 } }),
        ],
      }),
    ],
    { state: 'failed', why: 'Job has reached the limit; pod p exited with code 7' },
  ],
  [
    'a pod that failed without a container',
    job(gaveUp),
    [pod('p', { phase: 'Failed', message: 'lost' })],
    { state: 'failed', why: 'Job has reached the limit; pod p failed: lost' },
  ],
  [
    'disrupted without a reason',
    job(gaveUp),
    [pod('p', { phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status: 'True' }] })],
    { state: 'failed', why: 'Job has reached the limit; pod p was disrupted (no reason)' },
  ],
  ['running', job(), [pod('p', { phase: 'Running' })], { state: 'running', pod: 'p' }],
  [
    'running after a failed pod',
    job(),
    [pod('q', { phase: 'Running' }, later), pod('p', failed({ exitCode: 1 }))],
    { state: 'running', pod: 'q' },
  ],
  [
    'between two pods',
    job(),
    [pod('p', failed({ exitCode: 3, reason: 'Error' }))],
    {
      state: 'waiting',
      why: 'its next pod has not been created yet: pod p exited with code 3 (Error)',
      stuck: false,
    },
  ],
  [
    'between two pods, with a termination message',
    job(),
    [pod('p', failed({ exitCode: 3, reason: 'Error', message: '\u001b[31mearly\noops\n' }))],
    {
      state: 'waiting',
      why: 'its next pod has not been created yet: pod p exited with code 3 (Error): early oops',
      stuck: false,
    },
  ],
  [
    'gave up, with a long message',
    job(gaveUp),
    [pod('p', failed({ exitCode: 3, message: `${'x'.repeat(600)} oops` }))],
    {
      state: 'failed',
      why: `Job has reached the limit; pod p exited with code 3: …${'x'.repeat(494)} oops`,
    },
  ],
  [
    'a node that is lost',
    job(),
    [pod('p', { phase: 'Unknown' })],
    { state: 'waiting', why: 'pod p is on a node that does not answer', stuck: true },
  ],
  [
    'pod ended, Job not yet',
    job(),
    [pod('p', { phase: 'Succeeded' })],
    { state: 'waiting', why: 'its pod has ended, but the Job has not yet', stuck: false },
  ],
  [
    'pods may not be created',
    job({ type: 'FailureTarget', message: 'pods is forbidden: quota' }),
    [],
    { state: 'waiting', why: 'pods is forbidden: quota', stuck: false },
  ],
  ['complete', job({ type: 'Complete' }), [pod('p', { phase: 'Succeeded' })], { state: 'succeeded' }],
  [
    'a condition that is not true',
    job({ type: 'Failed', status: 'False' }),
    [pod('p', { phase: 'Running' })],
    { state: 'running', pod: 'p' },
  ],
  [
    'failed, for the reason of its last pod',
    job(gaveUp),
    [pod('q', failed({ exitCode: 137, reason: 'OOMKilled' }), later), pod('p', failed({ exitCode: 1 }))],
    { state: 'failed', why: 'Job has reached the limit; pod q was killed: out of memory (OOMKilled)' },
  ],
  [
    'evicted',
    job(gaveUp),
    [pod('p', { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' })],
    {
      state: 'failed',
      why: 'Job has reached the limit; pod p failed (Evicted): The node was low on resource: memory.',
    },
  ],
  [
    'preempted',
    job(gaveUp),
    [
      pod('p', {
        phase: 'Failed',
        conditions: [
          { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', message: 'm' },
        ],
      }),
    ],
    { state: 'failed', why: 'Job has reached the limit; pod p was disrupted (PreemptionByScheduler): m' },
  ],
  [
    'deadline',
    job({
      type: 'Failed',
      reason: 'DeadlineExceeded',
      message: 'Job was active longer than specified deadline',
    }),
    [],
    { state: 'failed', why: 'it ran longer than its deadline (DeadlineExceeded)' },
  ],
  ['failed without a reason', job({ type: 'Failed' }), [], { state: 'failed', why: 'no reason given' }],
  [
    'failed with an empty message',
    job({ type: 'Failed', reason: 'PodFailurePolicy', message: '' }),
    [],
    { state: 'failed', why: 'PodFailurePolicy' },
  ],
];

for (const [name, of, pods, expected] of rows) {
  test(`the state of a Job: ${name}`, () => {
    assert.deepEqual(jobState(of, pods), expected);
  });
}

test('a pod is over when it failed or succeeded, and not before', () => {
  const phases = ['Pending', 'Running', 'Unknown', 'Failed', 'Succeeded'] as const;
  assert.deepEqual(
    phases.filter((phase) => isPodOver(pod('p', { phase }))),
    ['Failed', 'Succeeded'],
  );
});
