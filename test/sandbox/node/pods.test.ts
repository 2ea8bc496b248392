import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { promisify } from 'node:util';

import type { Container, Pod, PodSpec } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims, persistentVolumes, pods, volumeSnapshots } from '#src/api/resources.ts';
import { isBound, startCluster } from '#test/sandbox/controllers/running-cluster.ts';

const running = await startCluster();

async function pod(name: string, spec: Partial<PodSpec> & { containers: Container[] }): Promise<void> {
  const metadata = { name, namespace: 'default' };
  await running.cluster.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
}

function shell(script: string, mounts: Record<string, string> = {}): Container {
  const volumeMounts = Object.entries(mounts).map(([volume, mountPath]) => ({ name: volume, mountPath }));
  return { name: 'main', image: 'busybox', command: ['sh', '-c', script], volumeMounts };
}

const claimVolume = (name: string) => ({ name, persistentVolumeClaim: { claimName: name } });
const isRunning = (it: Pod | undefined): boolean => it?.status?.phase === 'Running';
const stateOf = (it: Pod | undefined) => it?.status?.containerStatuses?.[0]?.state;

async function exec(name: string, command: string[], stdin?: string): Promise<[number, string, string]> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await running.cluster.exec({
    namespace: 'default',
    pod: name,
    command,
    stdout,
    stderr,
    ...(stdin !== undefined && { stdin: Readable.from([stdin]) }),
  });
  return [code, await text(stdout.end()), await text(stderr.end())];
}

async function logs(name: string, options: { container?: string; tailLines?: number } = {}): Promise<string> {
  const { signal } = new AbortController();
  return text(
    await running.node.logs({
      namespace: 'default',
      pod: name,
      container: 'main',
      follow: false,
      signal,
      ...options,
    }),
  );
}

const snapshotSource = (name: string) => ({
  apiGroup: 'snapshot.storage.k8s.io',
  kind: 'VolumeSnapshot',
  name,
});

async function volumeOf(claimName: string): Promise<string> {
  const claim = await running.until(persistentVolumeClaims, claimName, isBound);
  const volume = await running.cluster.get(persistentVolumes, claim.spec.volumeName ?? '');
  return running.storage.volumePath(volume.spec.csi?.volumeHandle ?? '');
}

test('a pod waits for its claim, then runs with it, as in the guides', async () => {
  await pod('guide', {
    containers: [
      {
        name: 'busybox',
        image: 'busybox',
        command: ['/bin/sh'],
        args: ['-c', 'echo sample_data > /source/data/data.txt && echo written && sleep 3000'],
        volumeMounts: [{ name: 'source-data', mountPath: '/source/data' }],
      },
    ],
    volumes: [{ name: 'source-data', persistentVolumeClaim: { claimName: 'guide-data' } }],
  });
  const waiting = await running.until(pods, 'guide', (it) => it?.status?.conditions !== undefined);
  assert.equal(waiting.status?.phase, 'Pending');
  const [condition] = waiting.status.conditions ?? [];
  assert.equal(condition?.reason, 'Unschedulable');
  assert.match(condition.message ?? '', /persistentvolumeclaim "guide-data" not found/);

  await running.claim('guide-data');
  const started = await running.until(pods, 'guide', isRunning);
  assert.deepEqual(
    started.status?.conditions?.map(({ type, status }) => `${type}=${status}`),
    ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(
      (type) => `${type}=True`,
    ),
  );
  const { signal } = new AbortController();
  const output = await running.node.logs({
    namespace: 'default',
    pod: 'guide',
    container: 'busybox',
    follow: true,
    signal,
  });
  for await (const chunk of output) if (String(chunk).includes('written')) break;
  assert.deepEqual(await exec('guide', ['cat', '/source/data/data.txt']), [0, 'sample_data\n', '']);
  assert.equal(await readFile(join(await volumeOf('guide-data'), 'data.txt'), 'utf8'), 'sample_data\n');
  assert.deepEqual(
    await exec('guide', ['sh', '-c', 'cat > /source/data/in; echo err >&2; exit 3'], 'typed'),
    [3, '', 'err\n'],
  );
  assert.deepEqual(await exec('guide', ['ls', '/source/data']), [0, 'data.txt\nin\n', '']);
  await assert.rejects(
    exec('guide', ['no-such-program']),
    /exec: "no-such-program": executable file not found in \$PATH/,
  );

  await running.cluster.delete(persistentVolumeClaims, { name: 'guide-data', namespace: 'default' });
  await running.until(
    persistentVolumeClaims,
    'guide-data',
    (it) => it?.metadata.deletionTimestamp !== undefined,
  );
  await running.cluster.delete(pods, { name: 'guide', namespace: 'default' });
  await running.gone(pods, 'guide');
  await running.gone(persistentVolumeClaims, 'guide-data');
  await running.untilAll(persistentVolumes, (all) =>
    all.every((it) => it.spec.claimRef?.name !== 'guide-data'),
  );
  await assert.rejects(exec('guide', ['ls']), { reason: 'NotFound' });
});

test('a claim with WaitForFirstConsumer is provisioned for the pod', async () => {
  await running.claim('late', { storageClassName: 'sandbox-wait' });
  assert.deepEqual(await running.eventsOf('late', 'WaitForFirstConsumer'), [
    'WaitForFirstConsumer: waiting for first consumer to be created before binding',
  ]);
  await pod('consumer', {
    containers: [shell('sleep infinity', { late: '/data' })],
    volumes: [claimVolume('late')],
  });
  await running.until(pods, 'consumer', isRunning);
  const claim = await running.until(persistentVolumeClaims, 'late', isBound);
  assert.equal(claim.metadata.annotations?.['volume.kubernetes.io/selected-node'], 'sandbox');
});

test('init containers run first and share volumes, and with restartPolicy Never a container runs once', async () => {
  await pod('job', {
    restartPolicy: 'Never',
    initContainers: [{ ...shell('echo from init > /work/file', { work: '/work' }), name: 'init' }],
    containers: [
      {
        ...shell('cat /work/file; cat sub/x; echo $GREETING $HOSTNAME; exit 4'),
        workingDir: '/work',
        env: [{ name: 'GREETING', value: 'hello' }],
        volumeMounts: [
          { name: 'work', mountPath: '/work' },
          { name: 'work', mountPath: '/deep', subPath: 'sub' },
        ],
      },
    ],
    volumes: [{ name: 'work', emptyDir: {} }],
  });
  const ended = await running.until(pods, 'job', (it) => it?.status?.phase === 'Failed');
  assert.equal(stateOf(ended)?.terminated?.exitCode, 4);
  assert.match(await logs('job'), /^from init\ncat: .*\nhello job\n$/);
  assert.equal(await logs('job', { tailLines: 1 }), 'hello job\n');
  await assert.rejects(exec('job', ['ls']), /container not found \("main"\)/);
});

test('a container that ends is restarted with increasing delay', async () => {
  await pod('crash', { containers: [shell('echo once more; exit 1')] });
  const crashed = await running.until(
    pods,
    'crash',
    (it) => stateOf(it)?.waiting?.reason === 'CrashLoopBackOff',
  );
  assert.equal(crashed.status?.phase, 'Running');
  assert.equal(crashed.status.containerStatuses?.[0]?.restartCount, 1);
  assert.equal(
    stateOf(crashed)?.waiting?.message,
    `back-off 10s restarting failed container=main pod=crash_default(${crashed.metadata.uid})`,
  );
  assert.equal(crashed.status.conditions?.find(({ type }) => type === 'Ready')?.status, 'False');
  assert.equal(await logs('crash'), 'once more\n');
  await running.cluster.delete(pods, { name: 'crash', namespace: 'default' });
  await running.gone(pods, 'crash');
});

/** A killed process may remain as a zombie until its parent reads its exit code. */
async function untilDead(pid: number): Promise<void> {
  for (let state = 'R'; state !== '' && !state.startsWith('Z');) {
    state = await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(pid)]).then(
      ({ stdout }) => stdout,
      () => '',
    );
  }
}

test('a deleted pod has its grace period, and its child processes end with it', async () => {
  await running.claim('stubborn');
  const script = "trap 'echo bye > /d/bye; exit 0' TERM; sleep 987 & echo $! > /d/child; echo up; wait";
  await pod('stubborn', {
    containers: [shell(script, { stubborn: '/d' })],
    volumes: [claimVolume('stubborn')],
  });
  await running.until(pods, 'stubborn', isRunning);
  const { signal } = new AbortController();
  const output = await running.node.logs({
    namespace: 'default',
    pod: 'stubborn',
    container: 'main',
    follow: true,
    signal,
  });
  for await (const chunk of output) if (String(chunk).includes('up')) break;
  await running.cluster.delete(pods, { name: 'stubborn', namespace: 'default' });
  await running.gone(pods, 'stubborn');
  const volume = await volumeOf('stubborn');
  assert.equal(await readFile(join(volume, 'bye'), 'utf8'), 'bye\n');
  const child = Number(await readFile(join(volume, 'child'), 'utf8'));
  await untilDead(child);
});

test('a pod that ignores SIGTERM is killed', async () => {
  await pod('deaf', {
    // Longer than a timer of Node can be.
    terminationGracePeriodSeconds: 30 * 24 * 60 * 60,
    // Kubernetes reads $$ as one dollar sign.
    containers: [shell("trap 'sleep 0.2; echo no' TERM; echo $$$$; while :; do sleep 0.1; done")],
  });
  await running.until(pods, 'deaf', isRunning);
  let output = '';
  while (!output.endsWith('\n')) output = await logs('deaf');
  await running.cluster.delete(pods, { name: 'deaf', namespace: 'default' });
  const asked = await running.until(pods, 'deaf', (it) => it?.metadata.deletionTimestamp !== undefined);
  assert.equal(isRunning(asked), true);
  while (!(await logs('deaf')).endsWith('no\n'));
  await running.cluster.delete(pods, { name: 'deaf', namespace: 'default' }, { gracePeriodSeconds: 0 });
  await running.gone(pods, 'deaf');
  assert.match(output, /^[0-9]+\n$/);
  await untilDead(Number(output));
});

test('a container of an image that only a cluster could run counts as running', async () => {
  await pod('nginx', { containers: [{ name: 'nginx', image: 'nginx' }] });
  const started = await running.until(pods, 'nginx', isRunning);
  assert.equal(started.status?.containerStatuses?.[0]?.ready, true);
  assert.equal(await logs('nginx', { container: 'nginx' }), '');
  assert.deepEqual(await exec('nginx', ['echo', 'hi']), [0, 'hi\n', '']);
});

test('an impossible mount is an error, not an empty directory', async () => {
  await pod('config', {
    restartPolicy: 'Never',
    containers: [shell('true', { config: '/config' })],
    volumes: [{ name: 'config', ...{ configMap: { name: 'x' } } }],
  });
  const failed = await running.until(pods, 'config', (it) => it?.status?.phase === 'Failed');
  assert.match(stateOf(failed)?.terminated?.message ?? '', /does not support the type of volume "config"/);
});

test('a block volume is a device, and no directory; a volume of files is no device', async () => {
  await running.claim('raw', { volumeMode: 'Block' });
  await running.claim('plain');
  const devices = (claimName: string) => ({
    restartPolicy: 'Never' as const,
    containers: [
      { ...shell('wc -c < /dev/raw'), volumeDevices: [{ name: claimName, devicePath: '/dev/raw' }] },
    ],
    volumes: [claimVolume(claimName)],
  });
  await pod('device', devices('raw'));
  await running.until(pods, 'device', (it) => it?.status?.phase === 'Succeeded');
  assert.equal((await logs('device')).trim(), String(1 << 30));
  await pod('no-device', devices('plain'));
  const mounted = { restartPolicy: 'Never' as const, volumes: [claimVolume('raw')] };
  await pod('no-directory', { ...mounted, containers: [shell('true', { raw: '/d' })] });
  for (const [name, why] of [
    ['no-device', 'volume plain has volumeMode Filesystem, but is specified in volumeDevices'],
    ['no-directory', 'volume raw has volumeMode Block, but is specified in volumeMounts'],
  ] as const) {
    const failed = await running.until(pods, name, (it) => it?.status?.phase === 'Failed');
    assert.equal(stateOf(failed)?.terminated?.message, why);
  }
});

test('a claim for a hostPath volume, without a driver', async () => {
  const path = join(running.directory, 'host');
  await running.cluster.create(persistentVolumes, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'host' },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...{ hostPath: { path } } },
  });
  await running.claim('host', { storageClassName: '', volumeName: 'host' });
  await pod('host', {
    containers: [shell('echo here > /h/file; sleep 999', { host: '/h' })],
    volumes: [claimVolume('host')],
  });
  await running.until(pods, 'host', isRunning);
  assert.deepEqual(
    await exec('host', ['sh', '-c', 'until [ -s /h/file ]; do sleep 0.01; done; cat /h/file']),
    [0, 'here\n', ''],
  );
  await access(join(path, 'file'));
});

test('a snapshot is consistent even during continuous writes', async () => {
  await running.claim('busy');
  const script =
    'i=0; while :; do i=$((i+1)); echo $i > /d/t; mv /d/t /d/a; echo $i > /d/t; mv /d/t /d/b; done';
  await pod('busy', { containers: [shell(script, { busy: '/d' })], volumes: [claimVolume('busy')] });
  await running.until(pods, 'busy', isRunning);
  await exec('busy', ['sh', '-c', 'until [ -s /d/b ]; do sleep 0.01; done']);
  const moments: number[] = [];
  for (const name of ['busy-1', 'busy-2', 'busy-3', 'busy-4']) {
    // The writer continues before and between the snapshots.
    await exec('busy', ['sh', '-c', 'n=$(cat /d/b); until [ "$(cat /d/b)" != "$n" ]; do :; done']);
    await running.snapshot(name, 'busy');
    await running.until(volumeSnapshots, name, (it) => it?.status?.readyToUse === true);
    await running.claim(`from-${name}`, { dataSource: snapshotSource(name) });
    const volume = await volumeOf(`from-${name}`);
    const [a, b] = await Promise.all(
      ['a', 'b'].map(async (file) => Number(await readFile(join(volume, file), 'utf8'))),
    );
    assert.ok(a !== undefined && b !== undefined && (a === b || a === b + 1), `a ${a}, then b ${b}`);
    moments.push(a);
  }
  assert.deepEqual(
    moments,
    moments.toSorted((x, y) => x - y),
  );
});

test('the log of the previous run', async () => {
  const mark = join(running.directory, 'second');
  const script = `if [ -e "${mark}" ]; then echo second; exec sleep 3000; fi; touch "${mark}"; echo first; exit 1`;
  await pod('twice', { containers: [shell(script)] });
  const previous = (name: string) =>
    running.cluster.logs({ namespace: 'default', pod: name, previous: true });
  await running.until(
    pods,
    'twice',
    (it) => it?.status?.containerStatuses?.[0]?.restartCount === 1 && stateOf(it)?.running !== undefined,
  );
  assert.equal(await previous('twice'), 'first\n');
  await pod('waits', { containers: [shell('echo once more; exit 1')] });
  await running.until(pods, 'waits', (it) => stateOf(it)?.waiting?.reason === 'CrashLoopBackOff');
  assert.equal(await previous('waits'), 'once more\n');
  await pod('once', { containers: [shell('exec sleep 3000')] });
  await running.until(pods, 'once', isRunning);
  await assert.rejects(running.cluster.logs({ namespace: 'default', pod: 'once', previous: true }), {
    reason: 'BadRequest',
    message: 'previous terminated container "main" in pod "once" not found',
  });
});

test('the termination message of a failed container', async () => {
  const terminationMessagePolicy = 'FallbackToLogsOnError';
  const last = { ...shell('echo early; echo oops >&2; exit 1'), terminationMessagePolicy } as const;
  await pod('words', { restartPolicy: 'Never', containers: [last] });
  const failed = await running.until(pods, 'words', (it) => stateOf(it)?.terminated !== undefined);
  assert.equal(stateOf(failed)?.terminated?.message, 'early\noops\n');
});
