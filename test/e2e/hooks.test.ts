/** Hooks given on the command line: the pods and containers in which they run. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Container, Workload } from '#src/api/kubernetes.ts';
import { backupConfigurations, deployments, pods, volumeSnapshots } from '#src/api/resources.ts';

import { deployment, mountPath } from './manifests.ts';
import { configuration } from './operator/manifests.ts';
import { openPlace } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();

const log = `${mountPath('data')}/hooks`;
const data = [{ name: 'v0', mountPath: mountPath('data') }];

function sleeping(name: string, more: Partial<Container> = {}): Container {
  const command = ['sh', '-c', `trap 'exit 0' TERM; sleep 3000 & wait`];
  return { name, image: 'busybox', command, env: [{ name: 'WHO', value: name }], ...more };
}

/** Returns Deployment `app` with claim `data`, and with `change` applied to its pod template. */
function app(change: (template: Workload['spec']['template']) => void): Workload {
  const made = deployment('app', ['data']);
  change(made.spec.template);
  return made;
}

const snapshot = (...more: string[]) => [
  ...['snapshot', 'deploy/app', '--executor=local', ...more],
  ...['--pre', `echo $WHO freeze >> ${log}`, '--post', `echo $WHO thaw >> ${log}`],
];

await suite('hooks', { concurrency: 6 }, () => {
  test('they run in the default container of kubectl exec, or in the named one', async (t) => {
    const place = await openPlace(t, server, { hooksAndDeletions: true });
    await place.claims('data');
    await place.create(
      deployments,
      app(({ metadata = {}, spec }) => {
        metadata.annotations = { 'kubectl.kubernetes.io/default-container': 'db' };
        spec.initContainers = [sleeping('quiesce', { restartPolicy: 'Always', volumeMounts: data })];
        // The hooks would fail in a container that does not mount the claim.
        spec.containers = [sleeping('mesh-proxy'), sleeping('db', { volumeMounts: data })];
      }),
    );
    const [pod = ''] = await place.running('app');
    await place.succeeds(snapshot());
    await place.succeeds(snapshot('--container', 'quiesce'));
    assert.equal(await place.sh(pod, `cat ${log}`, 'db'), 'db freeze\ndb thaw\nquiesce freeze\nquiesce thaw');
    const ran = await place.stash(snapshot('--container', 'nothing'));
    assert.equal(ran.code, 4);
    assert.match(ran.stderr, /it has no container nothing, but mesh-proxy, db, quiesce/);
    assert.doesNotMatch(ran.stderr, /quiesced/);
  });

  test('they do not run in pods of kubectl-stash', async (t) => {
    const place = await openPlace(t, server, { hooksAndDeletions: true });
    await place.claims('data');
    await place.create(
      deployments,
      app(({ metadata = {}, spec }) => {
        metadata.labels = { ...metadata.labels, 'app.kubernetes.io/managed-by': 'kubectl-stash' };
        spec.containers = [sleeping('app', { volumeMounts: data })];
      }),
    );
    const [pod = ''] = await place.running('app');
    const ran = await place.stash(snapshot());
    assert.equal(ran.code, 4);
    assert.match(ran.stderr, /hook did not run: hooks do not run in pods of kubectl-stash/);
    assert.equal(await place.sh(pod, `cat ${log} || echo none`, 'app'), 'none');
  });

  test('an httpGet connects to another host only with --allow-hook-hosts', async (t) => {
    const place = await openPlace(t, server, { hooksAndDeletions: true });
    await place.claims('data');
    await place.create(
      deployments,
      app(({ spec }) => {
        spec.containers = [sleeping('app', { volumeMounts: data })];
      }),
    );
    await place.running('app');
    // No server listens there.
    const hooks = { preBackup: { httpGet: { host: '127.0.0.2', port: 1 } } };
    await place.create(backupConfigurations, configuration('nightly', { target: 'app', spec: { hooks } }));
    const ran = await place.stash('snapshot deploy/app --executor=local');
    assert.equal(ran.code, 4);
    assert.match(ran.stderr, /host 127\.0\.0\.2 is not the pod's own: without --allow-hook-hosts/);
    const told = await place.stash('snapshot deploy/app --executor=local --allow-hook-hosts');
    assert.match(told.stderr, /127\.0\.0\.2:1: .*ECONNREFUSED/);
    assert.deepEqual(await place.list(volumeSnapshots), []);
  });

  test('they do not run in pods of another workload with the same label', async (t) => {
    const place = await openPlace(t, server, { hooksAndDeletions: true });
    await place.claims('data');
    await place.create(
      deployments,
      app(({ spec }) => {
        spec.containers = [sleeping('main', { volumeMounts: data })];
      }),
    );
    const worker = deployment('worker', []);
    const labels = { app: 'app', tier: 'worker' };
    worker.spec.selector = { matchLabels: labels };
    worker.spec.template = { metadata: { labels }, spec: { containers: [sleeping('main')] } };
    await place.create(deployments, worker);
    const both = await place.running('app', 2);
    const mine = both.find((name) => !name.startsWith('worker-')) ?? '';
    await place.succeeds(snapshot());
    assert.equal(await place.sh(mine, `cat ${log}`), 'main freeze\nmain thaw');
  });

  test('they run in no pod if the target is scaled to 0, although its selector matches all pods', async (t) => {
    const place = await openPlace(t, server, { hooksAndDeletions: true });
    await place.claims('data');
    const idle = deployment('app', ['data']);
    idle.spec.replicas = 0;
    idle.spec.selector = { matchExpressions: [{ key: 'none', operator: 'DoesNotExist' }] };
    await place.create(deployments, idle);
    await place.create(deployments, deployment('worker', ['data']));
    const [stranger = ''] = await place.running('worker');
    await place.succeeds(snapshot());
    assert.equal(await place.sh(stranger, `ls ${mountPath('data')}`), 'data.txt');
  });

  test('a crash-looping pod is skipped, and if all are crash-looping no snapshot is taken', async (t) => {
    const place = await openPlace(t, server, { hooksAndDeletions: true });
    await place.claims('data');
    const first = `${mountPath('data')}/first`;
    await place.create(
      deployments,
      app(({ spec }) => {
        const script = `trap 'exit 0' TERM; mkdir ${first} || exit 1; sleep 3000 & wait`;
        spec.containers = [sleeping('main', { command: ['sh', '-c', script], volumeMounts: data })];
      }),
    );
    const [pod = ''] = await place.running('app');
    const at = { name: 'app', namespace: place.namespace };
    await server.cluster.patch(deployments, at, { spec: { replicas: 2 } });
    // During the back-off, a kubelet reports it as terminated first and as waiting later.
    const crashes = (count: number) =>
      place.until(pods, (all) => {
        const found = all.flatMap(({ status }) => status?.containerStatuses ?? []);
        return found.filter((it) => !it.state?.running && it.restartCount > 0).length === count;
      });
    await crashes(1);
    await place.succeeds(snapshot());
    assert.equal(await place.sh(pod, `cat ${log}`), 'main freeze\nmain thaw');

    await place.remove(pods, pod);
    await crashes(2);
    const ran = await place.stash(snapshot());
    assert.equal(ran.code, 4, ran.stderr);
    assert.match(
      ran.stderr,
      /preBackup hook did not run: container main is not running \(app-.*: (CrashLoopBackOff|Error)/,
    );
    assert.doesNotMatch(ran.stderr, /quiesced/);
    assert.equal((await place.list(volumeSnapshots)).length, 1);
  });
});
