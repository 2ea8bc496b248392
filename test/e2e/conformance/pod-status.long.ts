/** A pod's status as a kubelet reports it: native sidecars, readiness, restarts, conditions. */
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { suite, test } from 'node:test';

import type { Container, Pod, Stored } from '#src/api/kubernetes.ts';
import { deployments, pods } from '#src/api/resources.ts';
import { until } from '#test/support/until.ts';

import { openApi } from './open-api.ts';
import { idle } from './requests.ts';

const api = await openApi();
const { namespace, server } = api;
const { cluster } = server;

function shell(name: string, script: string, more: Partial<Container> = {}): Container {
  return { name, image: 'busybox', command: ['sh', '-c', script], ...more };
}

const sleeping = (name: string, more: Partial<Container> = {}) =>
  shell(name, `trap 'exit 0' TERM; sleep 3000 & wait`, more);

async function pod(name: string, spec: object): Promise<void> {
  const made = await api.send('POST', api.at('v1', 'pods'), {
    metadata: { name },
    spec: { terminationGracePeriodSeconds: 5, ...spec },
  });
  assert.equal(made.code, 201, JSON.stringify(made.body));
}

async function see(name: string, satisfied: (it: Stored<Pod>) => boolean): Promise<Stored<Pod>> {
  const all = await until(cluster, pods, { namespace }, (items) =>
    items.some((it) => it.metadata.name === name && satisfied(it)),
  );
  const found = all.find(({ metadata }) => metadata.name === name);
  assert(found);
  return found;
}

function conditionsOf({ status }: Pod): Record<string, string> {
  const told = (status?.conditions ?? []).map(({ type, status, reason, message }) => {
    return [type, [status, reason, message].filter((it) => it !== undefined && it !== '').join(' ')] as const;
  });
  return Object.fromEntries(told);
}

function stateOf(it: Pod, container: string) {
  const statuses = [...(it.status?.initContainerStatuses ?? []), ...(it.status?.containerStatuses ?? [])];
  return statuses.find(({ name }) => name === container);
}

async function exec(name: string, container: string, script: string): Promise<number> {
  const nowhere = () =>
    new Writable({
      write(_chunk, _encoding, done) {
        done();
      },
    });
  const command = ['sh', '-c', script];
  return await cluster.exec({
    namespace,
    pod: name,
    container,
    command,
    stdout: nowhere(),
    stderr: nowhere(),
  });
}

const isReady = (it: Pod) => conditionsOf(it)['Ready'] === 'True';
const shared = [{ name: 'd', mountPath: '/d' }];
const volumes = [{ name: 'd', emptyDir: {} }];

await suite('pods', { concurrency: 6 }, () => {
  test('a running pod has all conditions', async () => {
    await pod('plain', { containers: [sleeping('c')] });
    const { status } = await see('plain', isReady);
    assert.deepEqual(conditionsOf({ spec: { containers: [] }, status } as unknown as Pod), {
      PodReadyToStartContainers: 'True',
      Initialized: 'True',
      Ready: 'True',
      ContainersReady: 'True',
      PodScheduled: 'True',
    });
  });

  test('a native sidecar starts before the containers, keeps running, and accepts exec', async () => {
    await pod('sidecar', {
      initContainers: [
        sleeping('side', { restartPolicy: 'Always', volumeMounts: shared }),
        shell('prepare', 'exit 0'),
      ],
      containers: [sleeping('main', { volumeMounts: shared })],
      volumes,
    });
    const it = await see('sidecar', isReady);
    const [side, prepare] = it.status?.initContainerStatuses ?? [];
    assert.deepEqual([side?.name, side?.ready, side?.started, side?.restartCount], ['side', true, true, 0]);
    assert.deepEqual(
      [prepare?.name, prepare?.ready, prepare?.state?.terminated?.exitCode],
      ['prepare', true, 0],
    );
    const startedAt = (name: string) => stateOf(it, name)?.state?.running?.startedAt ?? '';
    assert.ok(startedAt('side') <= startedAt('main'), 'the sidecar starts first');
    assert.equal(await exec('sidecar', 'side', 'echo hi > /d/file'), 0);
    assert.equal(await exec('sidecar', 'main', 'test -e /d/file'), 0);
  });

  test('native sidecars end after the containers, and do not keep a pod from completing', async () => {
    await pod('done', {
      restartPolicy: 'Never',
      initContainers: [sleeping('side', { restartPolicy: 'Always' })],
      containers: [shell('main', 'exit 0')],
    });
    const it = await see('done', ({ status }) => status?.phase === 'Succeeded');
    assert.equal(stateOf(it, 'main')?.state?.terminated?.exitCode, 0);
    assert.equal(stateOf(it, 'side')?.state?.terminated !== undefined, true);
    const { Initialized, Ready, ContainersReady } = conditionsOf(it);
    assert.deepEqual(
      [Initialized, Ready, ContainersReady],
      ['True PodCompleted', 'False PodCompleted', 'False PodCompleted'],
    );
  });

  test('a native sidecar that ends is restarted under any restart policy of the pod', async () => {
    await pod('restarts', {
      restartPolicy: 'Never',
      initContainers: [
        shell('side', 'if [ -e /d/second ]; then exec sleep 3000; fi; touch /d/second; exit 1', {
          restartPolicy: 'Always',
          volumeMounts: shared,
        }),
      ],
      containers: [sleeping('main', { volumeMounts: shared })],
      volumes,
    });
    const it = await see('restarts', (seen) => isReady(seen) && stateOf(seen, 'side')?.restartCount === 1);
    assert.equal(it.status?.phase, 'Running');
    assert.equal(stateOf(it, 'side')?.lastState?.terminated?.exitCode, 1);
  });

  test('containers wait for an init container that does not end', async () => {
    await pod('waits', {
      initContainers: [sleeping('forever')],
      containers: [sleeping('a'), sleeping('b')],
    });
    const it = await see('waits', (seen) => stateOf(seen, 'forever')?.state?.running !== undefined);
    assert.equal(it.status?.phase, 'Pending');
    assert.deepEqual(conditionsOf(it), {
      PodReadyToStartContainers: 'True',
      Initialized: 'False ContainersNotInitialized containers with incomplete status: [forever]',
      Ready: 'False ContainersNotReady containers with unready status: [a b]',
      ContainersReady: 'False ContainersNotReady containers with unready status: [a b]',
      PodScheduled: 'True',
    });
    assert.equal(stateOf(it, 'a')?.state?.waiting?.reason, 'PodInitializing');
  });

  test('a container is ready when its readiness probe succeeds', async () => {
    const readinessProbe = {
      exec: { command: ['sh', '-c', 'test -e /d/ready'] },
      periodSeconds: 1,
      failureThreshold: 1,
    };
    await api.send('POST', api.at(`${deployments.group}/v1`, deployments.plural), {
      metadata: { name: 'probed' },
      spec: idle(
        { replicas: 1 },
        {
          terminationGracePeriodSeconds: 1,
          containers: [sleeping('c', { readinessProbe, volumeMounts: shared })],
          volumes,
        },
      ),
    });
    const running = await until(cluster, pods, { namespace }, (items) =>
      items.some((it) => it.metadata.name.startsWith('probed-') && it.status?.phase === 'Running'),
    );
    const it = running.find(({ metadata }) => metadata.name.startsWith('probed-'));
    assert(it);
    const { name } = it.metadata;
    assert.equal(stateOf(it, 'c')?.ready, false);
    assert.equal(conditionsOf(it)['Ready'], 'False ContainersNotReady containers with unready status: [c]');
    const readyReplicas = (count: number) =>
      until(cluster, deployments, { namespace }, (items) =>
        items.some(
          ({ metadata, status }) => metadata.name === 'probed' && (status?.readyReplicas ?? 0) === count,
        ),
      );
    await readyReplicas(0);
    assert.equal(await exec(name, 'c', 'touch /d/ready'), 0);
    await see(name, isReady);
    await readyReplicas(1);
    assert.equal(await exec(name, 'c', 'rm /d/ready'), 0);
    await see(name, (seen) => !isReady(seen));
    await readyReplicas(0);
  });

  test('a failing container is restarted at once, then with increasing delay', async () => {
    await pod('crash', { containers: [shell('c', 'exit 3'), sleeping('well')] });
    const it = await see(
      'crash',
      (seen) => stateOf(seen, 'c')?.state?.waiting?.reason === 'CrashLoopBackOff',
    );
    assert.equal(it.status?.phase, 'Running');
    const { restartCount, ready, started, state, lastState } = stateOf(it, 'c') ?? {};
    assert.deepEqual([restartCount, ready, started], [1, false, false]);
    assert.equal(
      state?.waiting?.message,
      `back-off 10s restarting failed container=c pod=crash_${namespace}(${it.metadata.uid})`,
    );
    assert.deepEqual([lastState?.terminated?.exitCode, lastState?.terminated?.reason], [3, 'Error']);
    assert.equal(
      conditionsOf(it)['ContainersReady'],
      'False ContainersNotReady containers with unready status: [c]',
    );
    const later = await see('crash', (seen) => stateOf(seen, 'c')?.restartCount === 2);
    assert.equal(later.status?.phase, 'Running');
  });
});
