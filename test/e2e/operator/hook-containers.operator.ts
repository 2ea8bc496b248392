/** In which pods and containers a session's Job runs the hooks of its configuration. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Container, Workload } from '#src/api/kubernetes.ts';
import { deployments, pods, volumeSnapshots } from '#src/api/resources.ts';
import { deployment, mountPath } from '#test/e2e/manifests.ts';

import { beginSession, openHome, shell, untilEnded } from './home.ts';
import { startOperatorServer } from './operator-server.ts';

const server = await startOperatorServer();
const app = 'stash-demo';
const log = `${mountPath('data')}/hooks`;
const mounted = [{ name: 'v0', mountPath: mountPath('data') }];

function sleeping(name: string, more: Partial<Container> = {}): Container {
  const command = ['sh', '-c', `trap 'exit 0' TERM; sleep 3000 & wait`];
  return { name, image: 'busybox', command, env: [{ name: 'WHO', value: name }], ...more };
}

/** Returns Deployment `stash-demo` with claim `data`, and with `change` applied to its pod template. */
function changed(change: (template: Workload['spec']['template']) => void): Workload {
  const made = deployment(app, ['data']);
  change(made.spec.template);
  return made;
}

/** Returns hooks that record the container in which they run. */
function hooksIn(containerName?: string) {
  const note = (what: string) => ({
    ...shell(`echo $WHO ${what} >> ${log}`),
    ...(containerName !== undefined && { containerName }),
  });
  return { hooks: { preBackup: note('freeze'), postBackup: note('thaw') } };
}

/**
 * A deployment as in a service mesh: first a proxy without the claim, then a database, and a native sidecar.
 */
const meshed = changed(({ metadata = {}, spec }) => {
  metadata.annotations = { 'kubectl.kubernetes.io/default-container': 'db' };
  spec.initContainers = [sleeping('quiesce', { restartPolicy: 'Always', volumeMounts: mounted })];
  spec.containers = [sleeping('mesh-proxy'), sleeping('db', { volumeMounts: mounted })];
});

await suite('hook-containers', { concurrency: 4 }, () => {
  for (const [what, containerName, who] of [
    ['two containers: the one that the annotation default-container names', undefined, 'db'],
    ['a native sidecar that containerName names', 'quiesce', 'quiesce'],
    ['a container that containerName names', 'db', 'db'],
  ] as const) {
    test(what, async (t) => {
      const place = await openHome(t, server, { spec: hooksIn(containerName) }, meshed);
      const [pod = ''] = await place.running(app);
      await beginSession(place, 'told');
      const { status } = await untilEnded(place, 'told');
      assert.equal(status?.phase, 'Succeeded', JSON.stringify(status));
      assert.equal(await place.sh(pod, `cat ${log}`, 'db'), `${who} freeze\n${who} thaw`);
    });
  }

  test('a missing container: no snapshot is taken, and the existing containers are named', async (t) => {
    const place = await openHome(t, server, { spec: hooksIn('none') }, meshed);
    await beginSession(place, 'told');
    const { status } = await untilEnded(place, 'told');
    assert.equal(status?.phase, 'Failed');
    assert.match(JSON.stringify(status), /it has no container none, but mesh-proxy, db, quiesce/);
    assert.deepEqual(await place.list(volumeSnapshots), []);
  });

  test('hooks do not run in pods of another workload with the same labels', async (t) => {
    const workload = changed(({ spec }) => {
      spec.containers = [sleeping('main', { volumeMounts: mounted })];
    });
    const place = await openHome(t, server, { spec: hooksIn() }, workload);
    const [mine = ''] = await place.running(app);
    const worker = deployment('worker', []);
    const labels = { app, tier: 'worker' };
    worker.spec.selector = { matchLabels: labels };
    // Hooks would fail in these pods, which do not mount the claim.
    worker.spec.template = { metadata: { labels }, spec: { containers: [sleeping('main')] } };
    await place.create(deployments, worker);
    await place.running(app, 2);
    await beginSession(place, 'told');
    const { status } = await untilEnded(place, 'told');
    assert.equal(status?.phase, 'Succeeded', JSON.stringify(status));
    assert.equal(await place.sh(mine, `cat ${log}`), 'main freeze\nmain thaw');
  });

  test('a target scaled to 0 with a selector for all pods: hooks run in no pod of another workload', async (t) => {
    const workload = deployment(app, ['data']);
    workload.spec.selector = { matchExpressions: [{ key: 'none', operator: 'DoesNotExist' }] };
    const place = await openHome(t, server, { spec: hooksIn() }, workload);
    await place.create(deployments, deployment('worker', ['data']));
    const [stranger = ''] = await place.running('worker');
    await place.scale(deployments, app, 0);
    await beginSession(place, 'told');
    const { status } = await untilEnded(place, 'told');
    assert.equal(status?.phase, 'Succeeded', JSON.stringify(status));
    assert.equal(await place.sh(stranger, `ls ${mountPath('data')}`), 'data.txt');
  });

  test('a crash-looping pod of the target is skipped', async (t) => {
    const first = `${mountPath('data')}/first`;
    const workload = changed(({ spec }) => {
      const script = `trap 'exit 0' TERM; mkdir ${first} || exit 1; sleep 3000 & wait`;
      spec.containers = [sleeping('main', { command: ['sh', '-c', script], volumeMounts: mounted })];
    });
    const place = await openHome(t, server, { spec: hooksIn() }, workload);
    const [pod = ''] = await place.running(app);
    const at = { name: app, namespace: place.namespace };
    await server.cluster.patch(deployments, at, { spec: { replicas: 2 } });
    await place.until(pods, (all) =>
      all.some(({ status }) =>
        status?.containerStatuses?.some(({ state }) => state?.waiting?.reason === 'CrashLoopBackOff'),
      ),
    );
    await beginSession(place, 'told');
    const { status } = await untilEnded(place, 'told');
    assert.equal(status?.phase, 'Succeeded', JSON.stringify(status));
    assert.equal(await place.sh(pod, `cat ${log}`), 'main freeze\nmain thaw');
  });
});
