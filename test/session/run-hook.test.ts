/** Where a hook runs, and what it reports where it cannot run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ContainerStatus, KubernetesObject, OwnerReference, Pod, Stored } from '#src/api/kubernetes.ts';
import { deployments, pods, replicaSets, type Resource } from '#src/api/resources.ts';
import type { HookHandler } from '#src/api/stash.ts';
import type { Cluster, ExecRequest, Scope } from '#src/cluster/port.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';
import { createHookRunner, type HookOptions, type HookRunner } from '#src/session/hooks/run-hook.ts';
import { manualClock } from '#test/support/clock.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

const target: Target = { kind: 'Deployment', name: 'app', namespace: 'demo' };

function stored(kind: string, name: string, more: object, owner?: OwnerReference): Stored<KubernetesObject> {
  const metadata = {
    ...{ name, namespace: 'demo', uid: `uid-of-${name}`, resourceVersion: '1' },
    creationTimestamp: '2026-11-29T00:00:00Z',
    ...(owner && { ownerReferences: [owner] }),
  };
  const { metadata: also = {}, ...rest } = more as { metadata?: object };
  return { apiVersion: 'v1', kind, metadata: { ...metadata, ...also }, ...rest };
}

function ownedBy(kind: string, name: string): OwnerReference {
  return { apiVersion: 'apps/v1', kind, name, uid: `uid-of-${name}`, controller: true };
}

const running = { running: { startedAt: '2026-11-29T00:00:00Z' } };
const crashing = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 20s restarting failed' } };
const ended = { terminated: { exitCode: 137, reason: 'Error' } };
type State = NonNullable<ContainerStatus['state']>;

function statusOf(name: string, state: State): ContainerStatus {
  return { name, state, ready: state.running !== undefined, restartCount: 0, image: '', imageID: '' };
}

/** A pod of replica set `app-1`, with these container states. */
function pod(name: string, states: Record<string, State>, metadata: object = {}): Stored<Pod> {
  const containers = Object.keys(states).map((container) => ({ name: container }));
  const containerStatuses = Object.entries(states).map(([container, state]) => statusOf(container, state));
  const status = { phase: 'Running' as const, containerStatuses };
  const spec = { nodeName: 'n', containers };
  return stored('Pod', name, { metadata, spec, status }, ownedBy('ReplicaSet', 'app-1')) as Stored<Pod>;
}

interface World {
  pods: Stored<Pod>[];
  exec: (request: ExecRequest) => Promise<number>;
}

interface Scene {
  readonly world: World;
  /** `POD/CONTAINER` of each command. */
  readonly ran: string[];
  readonly runner: HookRunner;
}

function scene(all: readonly Stored<Pod>[], of: Target = target): Scene {
  const ran: string[] = [];
  const world: World = { pods: [...all], exec: () => Promise.resolve(0) };
  const objects = new Map<Resource, Stored<KubernetesObject>[]>([
    [
      deployments,
      [
        stored('Deployment', 'app', {
          spec: { replicas: 1, selector: { matchLabels: { app: 'app' } }, template: {} },
        }),
      ],
    ],
    [
      replicaSets,
      [
        stored('ReplicaSet', 'app-1', {}, ownedBy('Deployment', 'app')),
        stored('ReplicaSet', 'worker-1', {}, ownedBy('Deployment', 'worker')),
      ],
    ],
  ]);
  const cluster = stubCluster({
    get: ((resource: Resource, name: string) => {
      const found = objects.get(resource)?.find(({ metadata }) => metadata.name === name);
      return found ? Promise.resolve(found) : Promise.reject(new StashError('not-found', `no ${name}`));
    }) as Cluster['get'],
    list: ((resource: Resource, { fieldSelector }: Scope = {}) => {
      assert.equal(resource, pods);
      const wanted = fieldSelector?.replace('metadata.name=', '');
      const items = world.pods.filter(({ metadata }) => wanted === undefined || metadata.name === wanted);
      return Promise.resolve({ items, resourceVersion: '1' });
    }) as Cluster['list'],
    exec: (request) => {
      ran.push(`${request.pod}/${request.container ?? ''}`);
      return world.exec(request);
    },
  });
  return { world, ran, runner: createHookRunner({ cluster, clock: manualClock(new Date()) }, of) };
}

const command = { exec: { command: ['freeze', 'all data'] } };

function run(runner: HookRunner, hook: HookHandler = command, more: Partial<HookOptions> = {}) {
  const confirm = () => Promise.resolve();
  return runner.run(hook, { name: 'preBackup', timeoutMs: 60_000, confirm, ...more });
}

const thaw = { name: 'postBackup', thaws: true };

test('leaves pods of another controller with the same labels alone', async () => {
  const of = (...ownerReferences: OwnerReference[]) => ({ ownerReferences });
  const others = [
    pod('worker-x', { m: running }, of(ownedBy('ReplicaSet', 'worker-1'))),
    pod('gone-x', { m: running }, of(ownedBy('ReplicaSet', 'gone-1'))),
    pod('orphan', { m: running }, of()),
    pod('kept', { m: running }, of({ ...ownedBy('ReplicaSet', 'app-1'), controller: false })),
    pod('direct', { m: running }, of(ownedBy('Deployment', 'app'))),
  ];
  const { runner, ran } = scene([...others, pod('app-a', { m: running })]);
  assert.equal((await run(runner)).message, 'preBackup hook ran in 1 pod');
  assert.deepEqual(ran, ['app-a/m']);
});

test('chooses the container by name, else by the annotation of kubectl exec, else the first', async () => {
  const states = { proxy: running, db: running };
  const annotated = (value: string) => ({
    annotations: { 'kubectl.kubernetes.io/default-container': value },
  });
  const cases = [
    [pod('a', states), command, 'a/proxy'],
    [pod('a', states, annotated('db')), command, 'a/db'],
    [pod('a', states, annotated('nothing')), command, 'a/proxy'],
    [pod('a', states, annotated('db')), { ...command, containerName: 'proxy' }, 'a/proxy'],
  ] as const;
  for (const [one, hook, where] of cases) {
    const { runner, ran } = scene([one]);
    assert.equal((await run(runner, hook)).ok, true);
    assert.deepEqual(ran, [where]);
  }
});

test('runs hooks in a native sidecar, but not in an init container that ends', async () => {
  const one = pod('a', { db: running });
  one.spec.initContainers = [{ name: 'quiesce', restartPolicy: 'Always' }, { name: 'prepare' }];
  one.status = {
    ...one.status,
    initContainerStatuses: [statusOf('quiesce', running), statusOf('prepare', ended)],
  };
  const { runner, ran } = scene([one]);
  assert.equal((await run(runner, { ...command, containerName: 'quiesce' })).ok, true);
  assert.deepEqual(ran, ['a/quiesce']);
  const { ok, nowhere, message, byHand } = await run(runner, { ...command, containerName: 'prepare' });
  assert.deepEqual(
    { ok, nowhere, message, byHand },
    {
      ok: false,
      nowhere: true,
      message: 'preBackup hook failed in pod a: it has no container prepare, but db, quiesce',
      byHand: undefined,
    },
  );
});

test("the container's state decides, not the pod's phase", async () => {
  const going = { deletionTimestamp: '2026-11-29T01:00:00Z' };
  const { runner, ran } = scene([
    pod('crashing', { m: crashing }),
    pod('ended', { m: ended }, going),
    pod('going', { m: running }, going),
    { ...pod('starting', { m: running }), status: { phase: 'Pending' } },
    pod('well', { m: running }),
  ]);
  assert.equal((await run(runner)).message, 'preBackup hook ran in 2 pods');
  assert.deepEqual(ran.sort(), ['going/m', 'well/m']);
});

test('no running container: nothing has begun', async () => {
  const { runner, ran } = scene([pod('a', { m: crashing })]);
  const { ok, nowhere, message } = await run(runner);
  assert.deepEqual(
    { ok, nowhere, message },
    {
      ok: false,
      nowhere: true,
      message: 'preBackup hook did not run: container m is not running (a: CrashLoopBackOff)',
    },
  );
  assert.deepEqual(ran, []);
});

test('a command that never started has begun nothing; a started one may have', async () => {
  const refusals: [() => Promise<number>, boolean][] = [
    [() => Promise.reject(new StashError('forbidden', 'you may not')), true],
    [() => Promise.reject(new StashError('precondition', 'cannot run freeze: no such file')), true],
    [() => Promise.reject(new StashError('unreachable', 'connection lost while it ran')), false],
    [() => Promise.reject(new StashError('server', 'no status')), false],
    [() => Promise.resolve(3), false],
  ];
  for (const [exec, nowhere] of refusals) {
    const { runner, world } = scene([pod('a', { m: running })]);
    world.exec = exec;
    const result = await run(runner);
    assert.deepEqual([result.ok, result.nowhere], [false, nowhere], result.message);
  }
  const { runner, world } = scene([pod('a', { m: running }), pod('b', { m: running })]);
  world.exec = ({ pod: name }) =>
    name === 'a' ? Promise.reject(new StashError('forbidden', 'not there')) : Promise.resolve(0);
  assert.equal((await run(runner)).nowhere, false, 'it ran in the other pod');
});

test('a request that was not accepted has begun nothing', async () => {
  const one = pod('a', { m: running });
  one.status = { ...one.status, podIP: '127.0.0.1' };
  const { runner } = scene([one]);
  // Nothing listens on port 1.
  const { ok, nowhere } = await run(runner, { httpPost: { port: 1 } });
  assert.deepEqual([ok, nowhere], [false, true]);
});

test('a pod that goes away while the hook runs does not make it fail', async () => {
  const { runner, world, ran } = scene([pod('a', { m: running }), pod('b', { m: running })]);
  world.exec = ({ pod: name }) => {
    if (name === 'b') return Promise.resolve(0);
    const going = { deletionTimestamp: '2026-11-29T01:00:00Z' };
    world.pods = [pod('a', { m: ended }, going), pod('b', { m: running })];
    return Promise.resolve(137);
  };
  assert.equal((await run(runner)).message, 'preBackup hook ran in 1 pod');
  assert.deepEqual(ran.sort(), ['a/m', 'b/m']);
});

test('all pods went away: runs the hook in their replacements', async () => {
  const { runner, world, ran } = scene([pod('a', { m: running })]);
  world.exec = ({ pod: name }) => {
    world.pods = [pod('b', { m: running })];
    return name === 'a' ? Promise.reject(new StashError('not-found', 'no pod a')) : Promise.resolve(0);
  };
  assert.equal((await run(runner)).message, 'preBackup hook ran in 1 pod');
  assert.deepEqual(ran, ['a/m', 'b/m']);
});

test('all pods went away without replacement: the hook did not run', async () => {
  const { runner, world } = scene([pod('a', { m: running })]);
  world.exec = () => Promise.reject(new StashError('not-found', 'container not found ("m")'));
  const { ok, nowhere, message } = await run(runner);
  assert.deepEqual(
    [ok, nowhere, message],
    [false, true, 'preBackup hook did not run: no pod of deployment/app is running any more'],
  );
});

test('a quiesced container does not run now: says how to resume it once it does', async () => {
  const { runner, world } = scene([pod('a', { m: running }), pod('b', { m: running })]);
  assert.equal((await run(runner)).ok, true);
  world.pods = [pod('a', { m: crashing }), pod('b', { m: running }), pod('new', { m: crashing })];
  const { ok, nowhere, failed, message, byHand } = await run(runner, command, thaw);
  assert.deepEqual(
    { ok, nowhere, failed, message, byHand },
    {
      ok: false,
      nowhere: false,
      failed: ['a'],
      message: 'postBackup hook failed in pod a (container m): it is not running (CrashLoopBackOff)',
      byHand:
        'kubectl wait -n demo --for=condition=Ready --timeout=5m pod/a && ' +
        `kubectl exec -n demo a -c m -- freeze 'all data'`,
    },
  );
  world.pods = [pod('a', { m: running }), pod('b', { m: running })];
  assert.equal((await run(runner, command, thaw)).ok, true);
});

test('the command to run by hand covers each pod where the hook failed', async () => {
  const { runner, world } = scene([
    pod('b', { m: running }),
    pod('a', { m: running }),
    pod('c', { m: running }),
  ]);
  world.exec = ({ pod: name }) => Promise.resolve(name === 'c' ? 0 : 1);
  const { message, byHand } = await run(runner);
  assert.equal(message, 'preBackup hook failed in pod a (container m): exit code 1; also in b');
  assert.equal(byHand, `for pod in a b; do kubectl exec -n demo "$pod" -c m -- freeze 'all data'; done`);
});

test("the command to run by hand quotes the container's name", async () => {
  const { runner } = scene([pod('a', { '$(reboot)': running })]);
  const hook = { ...command, containerName: '$(reboot)' };
  const failing = { ...hook, exec: { command: ['false'] } };
  const { runner: other, world } = scene([pod('a', { '$(reboot)': running })]);
  world.exec = () => Promise.resolve(1);
  assert.equal((await run(runner, hook)).ok, true);
  assert.equal((await run(other, failing)).byHand, `kubectl exec -n demo a -c '$(reboot)' -- false`);
});

test('only a container that is still quiesced has to run', async () => {
  const { runner, world, ran } = scene([pod('a', { m: running }), pod('b', { m: running })]);
  assert.equal((await run(runner)).ok, true);
  world.exec = ({ pod: name }) => Promise.resolve(name === 'a' ? 0 : 1);
  assert.deepEqual((await run(runner, command, thaw)).failed, ['b']);
  world.pods = [pod('a', { m: crashing }), pod('b', { m: running })];
  world.exec = () => Promise.resolve(0);
  assert.equal((await run(runner, command, { ...thaw, only: ['b'] })).ok, true);
  ran.length = 0;
  assert.equal((await run(runner)).ok, true, 'a preBackup hook passes over what does not run');
  assert.deepEqual(ran, ['b/m']);
});

test('remembers what had begun in pods that went away', async () => {
  const { runner, world } = scene([pod('a', { m: running })]);
  world.exec = () => {
    world.pods = [];
    return Promise.reject(new StashError('unreachable', 'connection lost while it ran'));
  };
  const { ok, nowhere } = await run(runner);
  assert.deepEqual([ok, nowhere], [false, false]);
});
