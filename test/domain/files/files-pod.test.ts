import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Event, Pod, PodSpec, Stored } from '#src/api/kubernetes.ts';
import {
  compareCommand,
  sendFilesCommand,
  sendImageCommand,
  shellCommand,
} from '#src/domain/files/commands-in-pod.ts';
import { buildFilesPod, type FilesPod } from '#src/domain/files/files-pod.ts';
import { podState } from '#src/domain/files/pod-state.ts';
import { podToWrite } from '#src/domain/files/pod-to-write.ts';
import { holdsProgram } from '#src/domain/files/program-image.ts';
import { stored } from '#test/domain/objects.ts';

const ours = 'ghcr.io/kubectl-stash/kubectl-stash:v0.1.0';
const workload: PodSpec = {
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'team', operator: 'Exists' }],
  imagePullSecrets: [{ name: 'registry' }],
  serviceAccountName: 'shop',
  hostname: 'shop',
  securityContext: { runAsUser: 1000, fsGroup: 2000, supplementalGroups: [3000], runAsNonRoot: false },
  affinity: { nodeAffinity: { required: 1 }, podAntiAffinity: { other: 2 } },
  containers: [
    { name: 'proxy' },
    { name: 'app', securityContext: { runAsUser: 999 }, volumeMounts: [{ name: 'v', mountPath: '/data' }] },
  ],
  volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
};

function build(changes: Partial<FilesPod> = {}) {
  return buildFilesPod({
    ...{ namespace: 'demo', image: ours, claim: 'data-stash-1', isBlock: false, workload, liveClaim: 'data' },
    ...changes,
  });
}

test('the pod runs where the workload runs, as its user, and has nothing else of it', () => {
  const { metadata, spec } = build();
  assert.deepEqual(metadata, {
    ...{ name: 'data-stash-1', namespace: 'demo' },
    labels: { 'app.kubernetes.io/managed-by': 'kubectl-stash', 'app.kubernetes.io/component': 'files' },
  });
  const { nodeSelector, tolerations, imagePullSecrets, affinity, serviceAccountName, hostname } = spec;
  assert.deepEqual(
    { nodeSelector, tolerations, imagePullSecrets, affinity, serviceAccountName, hostname },
    {
      ...{ nodeSelector: { disk: 'ssd' }, tolerations: [{ key: 'team', operator: 'Exists' }] },
      ...{ imagePullSecrets: [{ name: 'registry' }], affinity: { nodeAffinity: { required: 1 } } },
      ...{ serviceAccountName: undefined, hostname: undefined },
    },
  );
  assert.equal(spec.automountServiceAccountToken, false);
  assert.deepEqual(spec.securityContext, {
    ...{ runAsUser: 999, runAsNonRoot: true, fsGroup: 2000, fsGroupChangePolicy: 'OnRootMismatch' },
    ...{ supplementalGroups: [3000], seccompProfile: { type: 'RuntimeDefault' } },
  });
});

test('users: the flag, the container of the claim, the pod, else our own; root reads everything', () => {
  const userOf = (changes: Partial<FilesPod>) => {
    const { securityContext, containers } = build(changes).spec;
    const { runAsUser, runAsNonRoot } = securityContext as { runAsUser: number; runAsNonRoot?: boolean };
    const { capabilities } = containers[0]?.securityContext as { capabilities: { add?: string[] } };
    return [runAsUser, runAsNonRoot, capabilities.add];
  };
  assert.deepEqual(userOf({ user: 5 }), [5, true, undefined]);
  assert.deepEqual(userOf({ liveClaim: 'other' }), [1000, true, undefined]);
  assert.deepEqual(userOf({ workload: undefined }), [65_532, true, undefined]);
  assert.deepEqual(userOf({ user: 0 }), [0, undefined, ['DAC_OVERRIDE']]);
});

test('mounts: read-only, the present claim for the kubelet too; a block volume as a device', () => {
  const { spec } = build({ live: 'data', node: { name: 'n1', must: true } });
  assert.deepEqual(spec.volumes, [
    { name: 'restored', persistentVolumeClaim: { claimName: 'data-stash-1' } },
    { name: 'live', persistentVolumeClaim: { claimName: 'data', readOnly: true } },
  ]);
  assert.deepEqual(spec.containers[0]?.volumeMounts, [
    { name: 'restored', mountPath: '/stash/restored', readOnly: true },
    { name: 'live', mountPath: '/stash/live', readOnly: true },
  ]);
  const match = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] };
  assert.deepEqual(spec.affinity, {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [match] } },
  });
  const preferred = build({ node: { name: 'n1', must: false } }).spec.affinity;
  assert.deepEqual(preferred, {
    nodeAffinity: {
      required: 1,
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: match }],
    },
  });
  const [block] = build({ isBlock: true }).spec.containers;
  assert.deepEqual(block?.volumeDevices, [{ name: 'restored', devicePath: '/stash/restored' }]);
  assert.equal(block.volumeMounts, undefined);
});

test('which images contain this program', () => {
  for (const image of [
    ours,
    'kubectl-stash',
    'registry:5000/a/kubectl-stash@sha256:0',
    'r/kubectl-stash:1@sha256:0',
  ])
    assert.ok(holdsProgram(image), image);
  for (const image of ['busybox', 'kubectl-stash/busybox:kubectl-stash', 'r/my-kubectl-stash'])
    assert.ok(!holdsProgram(image), image);
  assert.deepEqual(build().spec.containers[0]?.args, ['operator', 'keep-pod']);
  assert.equal(build({ image: 'busybox' }).spec.containers[0]?.command?.[0], 'sh');
});

test('the commands in the pod', () => {
  const line = (words: string[]) => words.join(' ');
  assert.equal(line(sendFilesCommand(ours, '')), '/kubectl-stash operator send-files --root /stash/restored');
  assert.match(line(sendFilesCommand(ours, '-a/b')), / --path=-a\/b$/);
  assert.equal(line(sendFilesCommand('busybox', 'a/b/c')), 'tar -C /stash/restored/a/b -cf - -- c');
  assert.equal(line(sendFilesCommand('busybox', 'a')), 'tar -C /stash/restored -cf - -- a');
  assert.equal(line(sendFilesCommand('busybox', '')), 'tar -C /stash/restored -cf - -- .');
  assert.equal(line(sendImageCommand('busybox')), 'cat /stash/restored');
  assert.match(line(sendImageCommand(ours)), /send-image --device \/stash\/restored$/);
  assert.match(line(compareCommand('a', true)), /--path=a --checksum$/);
  assert.match(line(shellCommand('busybox')), /^sh -c cd \/stash\/restored && exec sh$/);
  assert.match(line(shellCommand(ours)), /browse-files --root \/stash\/restored$/);
});

const base = stored<Pod>({ ...build(), metadata: { name: 'p', uid: 'pod' } });
const claim = (phase: string) =>
  stored({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'c', uid: 'claim' },
    spec: {},
    status: { phase },
  }) as never;
const warning = (uid: string, message: string) =>
  ({ type: 'Warning', involvedObject: { uid }, message }) as unknown as Event;
type State = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number]['state'];
const withState = (state: State): Stored<Pod> =>
  ({
    ...base,
    spec: { ...base.spec, nodeName: 'n' },
    status: { phase: 'Pending', containerStatuses: [{ name: 'files', state }] },
  }) as unknown as Stored<Pod>;

for (const [name, scene, expected] of [
  [
    'an unbound claim',
    { pod: base, claim: claim('Pending'), events: [] },
    'waiting persistentvolumeclaim/c is not bound: its driver makes the volume',
  ],
  [
    'a driver that fails',
    { pod: base, claim: claim('Pending'), events: [warning('claim', 'no space'), warning('other', 'x')] },
    'waiting persistentvolumeclaim/c is not bound: no space',
  ],
  ['not scheduled yet', { pod: base, claim: claim('Bound'), events: [] }, 'waiting pod/p is not scheduled'],
  [
    'unschedulable',
    {
      pod: {
        ...base,
        status: { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes' }] },
      } as Stored<Pod>,
      claim: claim('Bound'),
      events: [],
    },
    'waiting pod/p is not scheduled: 0/3 nodes',
  ],
  [
    'a mount that fails',
    {
      pod: withState({ waiting: { reason: 'ContainerCreating' } }),
      claim: claim('Bound'),
      events: [warning('pod', 'FailedMount')],
    },
    'waiting pod/p is not started: FailedMount',
  ],
  [
    'a first pull that fails',
    { pod: withState({ waiting: { reason: 'ErrImagePull' } }), claim: undefined, events: [] },
    'waiting pod/p is not started',
  ],
  [
    'no image',
    {
      pod: withState({ waiting: { reason: 'ImagePullBackOff', message: 'not found' } }),
      claim: undefined,
      events: [],
    },
    'failed (image) not found',
  ],
  [
    'no container',
    { pod: withState({ waiting: { reason: 'CreateContainerError' } }), claim: undefined, events: [] },
    'failed CreateContainerError',
  ],
  ['running', { pod: withState({ running: {} }), claim: undefined, events: [] }, 'running'],
  [
    'ended',
    { pod: withState({ terminated: { exitCode: 2 } }), claim: undefined, events: [] },
    'failed it ended with exit code 2',
  ],
  [
    'ended with an empty message',
    {
      pod: withState({ terminated: { exitCode: 1, message: '', reason: 'Error' } }),
      claim: undefined,
      events: [],
    },
    'failed Error',
  ],
  [
    'evicted',
    {
      pod: { ...base, status: { phase: 'Failed', message: 'evicted' } } as Stored<Pod>,
      claim: undefined,
      events: [],
    },
    'failed evicted',
  ],
  [
    'deleted',
    {
      pod: { ...base, metadata: { ...base.metadata, deletionTimestamp: 'x' } },
      claim: undefined,
      events: [],
    },
    'failed it is being deleted',
  ],
] as const)
  test(`the pod: ${name}`, () => {
    const state = podState(scene);
    const said =
      state.state === 'running'
        ? ''
        : ` ${state.state === 'failed' && state.isImage ? '(image) ' : ''}${state.why}`;
    assert.equal(`${state.state}${said}`, expected);
  });

function pod(
  name: string,
  changes: {
    mountPath?: string;
    readOnly?: boolean;
    running?: boolean;
    empty?: boolean;
    claimName?: string;
  } = {},
): Stored<Pod> {
  const { mountPath = '/data', readOnly, running = true, empty = false, claimName = 'data' } = changes;
  return stored<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      containers: [
        { name: 'side' },
        {
          name: 'app',
          volumeMounts: [{ name: 'v', mountPath, ...(readOnly !== undefined && { readOnly }) }],
        },
      ],
      volumes: [empty ? { name: 'v', emptyDir: {} } : { name: 'v', persistentVolumeClaim: { claimName } }],
    },
    status: {
      containerStatuses: ['side', 'app'].map((name) => ({
        name,
        state: running ? { running: {} } : {},
      })) as never,
    },
  });
}

for (const [name, pods, path, expected] of [
  ['the mount', [pod('a')], '/data/x', 'a app'],
  ['the mount itself', [pod('a')], '/data', 'a app'],
  [
    'the deepest mount',
    [pod('a', { mountPath: '/' }), pod('b', { mountPath: '/data/' })],
    '/data/x',
    'b app',
  ],
  [
    'a name that begins alike',
    [pod('a')],
    '/database/x',
    'no running pod of deployment/foo has a claim at /database/x: the files would be lost with the container',
  ],
  ['two pods with one claim', [pod('a'), pod('b')], '/data/x', 'a app'],
  [
    'two pods with a claim each',
    [pod('a'), pod('b', { claimName: 'other' })],
    '/data/x',
    'the pods of deployment/foo have different claims at /data/x',
  ],
  [
    'a volume that is no claim',
    [pod('a', { empty: true })],
    '/data/x',
    'no running pod of deployment/foo has a claim at /data/x: the files would be lost with the container',
  ],
  [
    'a read-only mount',
    [pod('a', { readOnly: true })],
    '/data/x',
    'no running pod of deployment/foo has a claim at /data/x: the files would be lost with the container',
  ],
  [
    'a pod that does not run',
    [pod('a', { running: false })],
    '/data/x',
    'deployment/foo has no running pod to copy into',
  ],
  ['a relative path', [pod('a')], 'data/x', '"data/x" is not a path from the root of the container'],
  [
    'a path with ..',
    [pod('a')],
    '/data/../etc',
    '"/data/../etc" is not a path from the root of the container',
  ],
] as const)
  test(`where cp writes to: ${name}`, () => {
    const chosen = podToWrite(pods, path, 'deployment/foo');
    assert.equal(
      'value' in chosen ? `${chosen.value.pod} ${chosen.value.container}` : chosen.failure.message,
      expected,
    );
  });
