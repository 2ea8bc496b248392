/** In which pods and containers the Job of a session runs the hooks of its configuration. */
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

/** Deployment `stash-demo` with claim `data`, and its pods changed. */
function changed(change: (template: Workload['spec']['template']) => void): Workload {
  const made = deployment(app, ['data']);
  change(made.spec.template);
  return made;
}

/** Each tells in which container it ran. */
function hooksIn(containerName?: string) {
  const note = (what: string) => ({
    ...shell(`echo $WHO ${what} >> ${log}`),
    ...(containerName !== undefined && { containerName }),
  });
  return { hooks: { preBackup: note('freeze'), postBackup: note('thaw') } };
}

/** A proxy first, as a mesh adds it, with no claim; a database; a native sidecar beside them. */
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

  test('a container that is not there: no snapshot is taken, and what there is is named', async (t) => {
    const place = await openHome(t, server, { spec: hooksIn('none') }, meshed);
    await beginSession(place, 'told');
    const { status } = await untilEnded(place, 'told');
    assert.equal(status?.phase, 'Failed');
    assert.match(JSON.stringify(status), /it has no container none, but mesh-proxy, db, quiesce/);
    assert.deepEqual(await place.list(volumeSnapshots), []);
  });

  test('pods of another workload that share its labels are left alone', async (t) => {
    const workload = changed(({ spec }) => {
      spec.containers = [sleeping('main', { volumeMounts: mounted })];
    });
    const place = await openHome(t, server, { spec: hooksIn() }, workload);
    const [mine = ''] = await place.running(app);
    const worker = deployment('worker', []);
    const labels = { app, tier: 'worker' };
    worker.spec.selector = { matchLabels: labels };
    // Hooks that ran here would fail: the claim is not mounted.
    worker.spec.template = { metadata: { labels }, spec: { containers: [sleeping('main')] } };
    await place.create(deployments, worker);
    await place.running(app, 2);
    await beginSession(place, 'told');
    const { status } = await untilEnded(place, 'told');
    assert.equal(status?.phase, 'Succeeded', JSON.stringify(status));
    assert.equal(await place.sh(mine, `cat ${log}`), 'main freeze\nmain thaw');
  });

  test('a pod of the target that crash-loops is passed over', async (t) => {
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
