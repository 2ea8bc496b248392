/** A real node leaves the machine as it was, however it ends. */
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';

import { persistentVolumeClaims, pods } from '#src/api/resources.ts';
import { connect } from '#src/cluster/connect.ts';
import { claim, reader } from '#test/e2e/manifests.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { whyNoNode } from './node/place.ts';
import { until } from './until.ts';

const run = promisify(execFile);
const why = await whyNoNode();

/**
 * Resolves with the state that a kubelet, a runtime, a proxy and a network plugin change on their machine.
 */
async function machine() {
  const output = async (command: string, ...args: string[]) => (await run(command, args)).stdout;
  const kernel = ['vm/overcommit_memory', 'vm/panic_on_oom', 'kernel/panic', 'kernel/panic_on_oops'];
  const settings = [...kernel, 'net/ipv4/ip_forward', 'kernel/keys/root_maxkeys'];
  return {
    mounts: await readFile('/proc/self/mounts', 'utf8'),
    links: await output('ip', '-o', 'link'),
    addresses: await output('ip', '-o', 'addr'),
    routes: await output('ip', 'route'),
    rules: (await output('iptables-save')).replace(/^#.*$/gm, ''),
    settings: await Promise.all(settings.map((name) => readFile(`/proc/sys/${name}`, 'utf8'))),
  };
}

/**
 * Resolves with the processes of this run: the arguments of each of a node's programs contain its directory.
 */
async function processesOf(directory: string): Promise<{ pid: string; words: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(
    pids.map(async (pid) => ({ pid, words: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') })),
  );
  return all.filter(({ words }) => words.includes(directory));
}

/**
 * Resolves with the control groups of these processes in all hierarchies: their names contain the process id.
 */
async function groupsOf(processes: readonly { readonly pid: string }[]): Promise<string[]> {
  const names = await readdir('/sys/fs/cgroup', { recursive: true });
  return names.filter((name) => processes.some(({ pid }) => name.endsWith(`kubectl-stash-node-${pid}`)));
}

async function loopDevicesOf(directory: string): Promise<string[]> {
  const { stdout } = await run('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE']);
  return stdout.split('\n').filter((line) => line.includes(directory));
}

/** Starts a cluster with a pod that has a claim with files and a block volume. Resolves when the pod runs. */
async function startCluster(t: TestContext): Promise<{ runner: ChildProcess; directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'stash-left-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const runner = spawn(process.execPath, [join(import.meta.dirname, 'serve.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: directory },
  });
  t.after(() => runner.kill('SIGKILL'));
  const [line] = (await once(runner.stdout, 'data')) as [Buffer];
  const kubeconfig = /export KUBECONFIG=(\S+)/.exec(line.toString())?.[1];
  assert(kubeconfig !== undefined, line.toString());
  const { cluster } = await connect({ kubeconfig }, {}, { clock: scaledClock(), version: 'left' });
  const namespace = 'default';
  const inDefault = { metadata: { name: 'data', namespace } };
  await cluster.create(persistentVolumeClaims, { ...claim('data', 'sandbox'), ...inDefault });
  const raw = claim('raw', 'sandbox');
  await cluster.create(persistentVolumeClaims, {
    ...{ ...raw, metadata: { name: 'raw', namespace } },
    spec: { ...raw.spec, volumeMode: 'Block' },
  });
  const plain = reader(['data']);
  const volumeDevices = [{ name: 'raw', devicePath: '/dev/raw' }];
  await cluster.create(pods, {
    ...{ ...plain, ...inDefault },
    spec: {
      ...plain.spec,
      containers: plain.spec.containers.map((container) => ({ ...container, volumeDevices })),
      volumes: [...plain.spec.volumes, { name: 'raw', persistentVolumeClaim: { claimName: 'raw' } }],
    },
  });
  await until(cluster, pods, { name: 'data', namespace }, ({ status }) => status?.phase === 'Running');
  cluster.close();
  return { runner, directory };
}

/** Waits, because processes may still be exiting. */
async function untilNothingIsLeft(
  directory: string,
  ran: readonly { readonly pid: string }[],
  before: Awaited<ReturnType<typeof machine>>,
): Promise<void> {
  const deadline = performance.now() + 20_000;
  const look = async () => ({
    processes: await processesOf(directory),
    loopDevices: await loopDevicesOf(directory),
    groups: await groupsOf(ran),
    ...(await machine()),
  });
  const wanted = { processes: [], loopDevices: [], groups: [], ...before };
  let now = await look();
  while (JSON.stringify(now) !== JSON.stringify(wanted) && performance.now() < deadline) {
    await sleep(100);
    now = await look();
  }
  assert.deepEqual(now, wanted);
}

void suite('a real node leaves nothing behind', { skip: why ?? false }, () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    test(`after ${signal}`, async (t) => {
      const before = await machine();
      const { runner, directory } = await startCluster(t);
      const ran = await processesOf(directory);
      assert(ran.some(({ words }) => words.includes('kubelet')));
      assert((await groupsOf(ran)).length > 0);
      // The one by which the kubelet keeps the block volume.
      assert((await loopDevicesOf(directory)).some((line) => line.includes('/kubelet/')));
      const ended = once(runner, 'exit');
      runner.kill(signal);
      await ended;
      await untilNothingIsLeft(directory, ran, before);
      // SIGKILL leaves files, because no process is left to delete them.
      if (signal !== 'SIGKILL') assert.deepEqual(await readdir(directory), []);
    });
  }
});
