import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, watch } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

import type { Container, KubernetesObject, Pod, Stored, Volume } from '#src/api/kubernetes.ts';
import {
  deployments,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { connect } from '#src/cluster/connect.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { DirectoryError } from '#src/sandbox/directory-error.ts';
import { startSandbox, type Sandbox } from '#src/sandbox/sandbox.ts';
import { removeTree } from '#src/sandbox/storage/copy.ts';

const root = await mkdtemp(join(tmpdir(), 'stash-kept-'));
after(() => removeTree(root));

const errors: string[] = [];
after(() => {
  assert.deepEqual(errors, []);
});

function start(directory: string): Promise<Sandbox> {
  return startSandbox({ directory, keep: true, onError: (message) => void errors.push(message) });
}

async function until<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  satisfies: (object: Stored<T>) => boolean,
): Promise<Stored<T>> {
  for await (const event of cluster.watch(resource, {}, new AbortController().signal)) {
    const seen = event.type === 'listed' ? event.items : event.type === 'changed' ? [event.object] : [];
    const found = seen.find(satisfies);
    if (found) return found;
  }
  throw new Error('the watch has ended');
}

async function gone(cluster: Cluster, resource: Resource, name: string): Promise<void> {
  for await (const event of cluster.watch(resource, {}, new AbortController().signal)) {
    if (event.type === 'listed' && event.items.every(({ metadata }) => metadata.name !== name)) return;
    if (event.type === 'deleted' && event.object.metadata.name === name) return;
  }
}

const here = (name: string) => ({ name, namespace: 'default' });

async function createClaim(cluster: Cluster, name: string, snapshot?: string): Promise<void> {
  const dataSource = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: snapshot ?? '' };
  await cluster.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: here(name),
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      ...(snapshot !== undefined && { dataSource }),
    },
  });
}

async function createDeployment(
  cluster: Cluster,
  name: string,
  container: Container,
  volumes: Volume[],
): Promise<void> {
  const labels = { app: name };
  await cluster.create(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: here(name),
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container], volumes } },
    },
  });
}

function shell(script: string, mountPath: string): Container {
  const volumeMounts = [{ name: 'data', mountPath }];
  return { name: 'main', image: 'busybox', command: ['sh', '-c', script], volumeMounts };
}

const claimVolume = (claimName: string): Volume => ({ name: 'data', persistentVolumeClaim: { claimName } });

const runs = (app: string, restarts: number) => (pod: Pod) =>
  pod.metadata.labels?.['app'] === app &&
  pod.status?.containerStatuses?.[0]?.state?.running !== undefined &&
  pod.status.containerStatuses[0].restartCount >= restarts;

async function run(cluster: Cluster, pod: string, ...command: string[]): Promise<string> {
  const stdout = new PassThrough();
  await cluster.exec({ namespace: 'default', pod, command, stdout, stderr: new PassThrough() });
  return text(stdout.end());
}

test('a sandbox continues with the objects in its directory', async () => {
  const directory = join(root, 'twice');
  const first = await start(directory);
  await createClaim(first.cluster, 'data');
  await createDeployment(first.cluster, 'app', shell('sleep 1000', '/data'), [claimVolume('data')]);
  const pod = await until(first.cluster, pods, runs('app', 0));
  await run(first.cluster, pod.metadata.name, 'sh', '-c', 'echo precious > /data/file');
  await first.cluster.create(volumeSnapshots, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: here('point'),
    spec: { source: { persistentVolumeClaimName: 'data' } },
  });
  const point = await until(first.cluster, volumeSnapshots, ({ status }) => status?.readyToUse === true);
  await run(first.cluster, pod.metadata.name, 'sh', '-c', 'echo later > /data/file');
  await first.cluster.delete(storageClasses, { name: 'sandbox-wait' });
  const { resourceVersion } = await first.cluster.list(pods);

  await assert.rejects(start(directory), (error) => {
    assert.ok(error instanceof DirectoryError);
    assert.equal(error.message, `another sandbox is running in ${directory} (process ${process.pid})`);
    return true;
  });
  await first.stop();

  const second = await start(directory);
  const { cluster } = second;
  assert.deepEqual(await cluster.get(volumeSnapshots, 'point', 'default'), point);
  assert.ok(Number((await cluster.list(pods)).resourceVersion) >= Number(resourceVersion));
  assert.deepEqual(
    (await cluster.list(storageClasses)).items.map(({ metadata }) => metadata.name),
    ['sandbox'],
    'what was deleted stays so',
  );
  const again = await until(cluster, pods, runs('app', 1));
  assert.equal(again.metadata.uid, pod.metadata.uid);
  assert.equal(await run(cluster, again.metadata.name, 'cat', '/data/file'), 'later\n');

  await createClaim(cluster, 'restored', 'point');
  await createDeployment(cluster, 'copy', shell('sleep 1000', '/copy'), [claimVolume('restored')]);
  const copy = await until(cluster, pods, runs('copy', 0));
  assert.equal(await run(cluster, copy.metadata.name, 'cat', '/copy/file'), 'precious\n');

  // Owners and finalizers still work: deleting the deployment deletes the pod, deleting the claim deletes the
  // volume.
  const claim = await cluster.get(persistentVolumeClaims, 'data', 'default');
  await cluster.delete(deployments, here('app'));
  await cluster.delete(persistentVolumeClaims, here('data'));
  await gone(cluster, persistentVolumes, `pvc-${claim.metadata.uid}`);
  await gone(cluster, pods, again.metadata.name);
  assert.equal((await readdir(join(directory, 'storage', 'volumes'))).length, 1);
  await second.stop();
});

test(
  'a killed sandbox leaves no process behind, and the next one continues',
  { timeout: 60_000 },
  async (t) => {
    const directory = join(root, 'killed');
    const host = join(root, 'host');
    await mkdir(host);
    await promisify(execFile)('mkfifo', [join(host, 'pipe')]);
    const program = join(import.meta.dirname, '../../cmd/kubectl-stash.ts');
    const child = spawn(process.execPath, [program, 'sandbox', '--dir', directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // If the test fails before it kills the sandbox, this process would wait for it.
    t.after(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const kubeconfig = join(directory, 'kubeconfig');
    const clock = { now: () => new Date(), sleep: () => Promise.resolve() };
    const { cluster: remote } = await connect({ kubeconfig }, {}, { clock, version: 'test' });
    // The pipe ends when the last process of the pod has ended.
    const script = 'sleep 1000 & exec 3> /host/pipe; echo up >&3; wait';
    await createDeployment(remote, 'app', shell(script, '/host'), [
      { name: 'data', ...{ hostPath: { path: host } } },
    ]);
    const pipe = createReadStream(join(host, 'pipe'), 'utf8');
    assert.deepEqual(await once(pipe, 'data'), ['up\n']);
    const saved = () => readFile(join(directory, 'objects.json'), 'utf8').catch(() => '');
    const watcher = watch(directory);
    for (;;) {
      const change = once(watcher, 'change');
      if ((await saved()).includes('"running"')) break;
      await change;
    }
    watcher.close();

    const ended = Promise.all([once(pipe, 'end'), once(child, 'exit')]);
    child.kill('SIGKILL');
    await ended;
    remote.close();
    const next = await start(directory);
    const reopened = createReadStream(join(host, 'pipe'), 'utf8');
    assert.deepEqual(await once(reopened, 'data'), ['up\n']);
    await until(next.cluster, pods, runs('app', 1));
    await next.stop();
  },
);

test('a pod with restartPolicy Never is not run again', async () => {
  const directory = join(root, 'once');
  const first = await start(directory);
  await first.cluster.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: here('once'),
    spec: {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'x', command: ['sh', '-c', 'sleep 99'] }],
    },
  });
  await until(first.cluster, pods, ({ status }) => status?.phase === 'Running');
  await first.stop();
  const second = await start(directory);
  const ended = await until(second.cluster, pods, ({ status }) => status?.phase !== 'Running');
  assert.deepEqual([ended.status?.phase, ended.status?.reason], ['Failed', 'NodeRestarted']);
  await second.stop();
});

test('an unreadable file of objects is neither ignored nor overwritten', async () => {
  const directory = join(root, 'spoilt');
  await mkdir(directory);
  const file = join(directory, 'objects.json');
  await writeFile(file, '{"version": 7, "coll');
  await assert.rejects(start(directory), DirectoryError);
  assert.equal(await readFile(file, 'utf8'), '{"version": 7, "coll');
  assert.deepEqual(await readdir(directory), ['objects.json'], 'no lock is left');
});

test('a sandbox without keep leaves no objects and no lock', async () => {
  const directory = join(root, 'ephemeral');
  const sandbox = await startSandbox({ directory });
  await createClaim(sandbox.cluster, 'data');
  await sandbox.stop();
  assert.deepEqual((await readdir(directory)).sort(), ['kubeconfig', 'pods', 'storage']);
});
