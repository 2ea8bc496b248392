/** What `browse`, `cp` and `diff` refuse before anything is created, and what they leave if they fail. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import {
  persistentVolumeClaims,
  pods,
  resourceQuotas,
  restoreSessions,
  storageClasses,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { ClusterError } from '#src/cluster/errors.ts';
import type { ExecRequest } from '#src/cluster/port.ts';
import { storageClass } from '#test/support/classes.ts';
import { matchGolden } from '#test/support/golden.ts';

import { checkAdvice } from './advice.ts';
import { claim, deployment, namespace, object } from './objects.ts';
import { startWorld, type RunOptions, type World } from './world.ts';

const demo = 'demo';
let world: World;
let local: string;

before(async () => {
  local = await mkdtemp(join(tmpdir(), 'stash-cp-'));
  world = await startWorld();
  await world.create(
    namespace(demo),
    [storageClasses, storageClass('short', 'sandbox.csi.stash.dev')],
    claim(demo, 'web-data'),
    claim(demo, 'web-logs'),
    claim(demo, 'one'),
    claim(demo, 'lost', { storageClass: 'short' }),
    claim(demo, 'single', { modes: ['ReadWriteOncePod'] }),
    claim(demo, 'torn'),
    deployment(demo, 'web', ['web-data', 'web-logs'], { replicas: 0 }),
    deployment(demo, 'single', ['single']),
  );
  await world.bound(demo, 'web-data', 'web-logs', 'one', 'lost', 'single', 'torn');
  for (const [index, target] of [
    'deploy/web',
    'pvc/one',
    'pvc/lost',
    'deploy/single',
    'pvc/torn',
  ].entries()) {
    world.standAt(index);
    const ran = await world.run(`snapshot ${target} --executor=local`);
    assert.equal(ran.code, 0, ran.err);
  }
  await world.cluster.delete(storageClasses, { name: 'short' });
  await world.cluster.delete(persistentVolumeClaims, { name: 'one', namespace: demo });
  await world.cluster.delete(volumeSnapshots, { name: 'torn-1773457204', namespace: demo });
  await world.until(volumeSnapshots, demo, 'torn-1773457204', (snapshot) => snapshot === undefined);
  await world.until(persistentVolumeClaims, demo, 'one', (it) => it === undefined);
  world.standAt(100);
});
after(async () => {
  await world[Symbol.asyncDispose]();
  await rm(local, { recursive: true, force: true });
});

async function refuses(name: string, words: string, code: number, options: RunOptions = {}): Promise<void> {
  const before = await world.census();
  const ran = await world.run(words.replace('LOCAL', local), options);
  assert.deepEqual([ran.code, ran.out], [code, ''], ran.err);
  await checkAdvice(ran.err);
  matchGolden(`commands/files/${name}`, plain(ran.err));
  assert.deepEqual(await world.census(), before);
}

/** Without what is random in names. */
function plain(text: string): string {
  const named = text.replaceAll(local, 'LOCAL').replaceAll(/-stash-[0-9a-f]{6}\b/g, '-stash-ID');
  return named.replaceAll(/\bsingle-\w+-\w+/g, 'single-POD');
}

for (const [name, code, words] of [
  ['several-claims', 2, 'browse deploy/web'],
  ['unknown-claim', 3, 'cp deploy/web:web-dta:/x LOCAL'],
  ['no-restore-point', 3, 'browse deploy/wbe'],
  ['incomplete', 1, 'browse pvc/torn'],
  ['unknown-session', 3, 'diff deploy/web --from deploy-web-1 --claim web-data'],
  ['class-gone', 3, 'browse pvc/lost'],
  ['unknown-class', 3, 'browse deploy/web --claim web-data --storage-class sandbx'],
  ['no-live-claim', 1, 'diff pvc/one'],
  ['one-pod-only', 1, 'diff deploy/single'],
  ['other-image', 2, 'diff deploy/web --claim web-data --image busybox'],
  ['no-source', 2, 'cp deploy/web LOCAL'],
  ['path-leaves-volume', 2, 'cp deploy/web:web-data:/../x LOCAL'],
  ['to-stdout', 2, 'cp deploy/web:web-data:/x -'],
  ['no-directory', 2, 'cp deploy/web:web-data:/x LOCAL/none/x'],
  ['no-running-pod', 1, 'cp deploy/web:web-data:/x deploy/web:/data'],
  ['no-such-pod', 3, 'cp deploy/web:web-data:/x pod/none:/data'],
] as const)
  test(`refused: ${name}`, () => refuses(name, words, code));

test('refused: a quota has no room for the claim', async (t) => {
  const spec = { hard: { 'requests.storage': '4Gi' } };
  await world.create([
    resourceQuotas,
    object('v1', 'ResourceQuota', { metadata: { name: 'full', namespace: demo }, spec }),
  ]);
  t.after(() => world.cluster.delete(resourceQuotas, { name: 'full', namespace: demo }));
  await world.until(resourceQuotas, demo, 'full', (quota) => quota?.status?.used !== undefined);
  await refuses('quota', 'browse deploy/web --claim web-data', 1);
});

test("refused: AppsCode's operator would carry the session out", () =>
  refuses('appscode', 'browse deploy/web --claim web-data', 1, {
    through: (cluster) => ({
      ...cluster,
      groups: async () => [...(await cluster.groups()), 'admission.stash.appscode.com'],
    }),
  }));

test('refused: the API server does not accept the pod', async (t) => {
  const spec = { hard: { pods: '0' } };
  await world.create([
    resourceQuotas,
    object('v1', 'ResourceQuota', { metadata: { name: 'idle', namespace: demo }, spec }),
  ]);
  t.after(() => world.cluster.delete(resourceQuotas, { name: 'idle', namespace: demo }));
  await world.until(resourceQuotas, demo, 'idle', (quota) => quota?.status?.used !== undefined);
  await refuses('pod-refused', 'browse deploy/web --claim web-data', 1);
});

async function untilGone(): Promise<void> {
  const left = async () => [
    ...(await world.cluster.list(restoreSessions, { namespace: demo })).items,
    ...(
      await world.cluster.list(pods, { namespace: demo, labelSelector: 'app.kubernetes.io/component=files' })
    ).items,
    ...(await world.cluster.list(persistentVolumeClaims, { namespace: demo })).items.filter(
      ({ metadata }) => metadata.annotations?.[annotation.restoreSessionUid] !== undefined,
    ),
  ];
  while ((await left()).length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('a shell of an image that has one: its output, its exit code, and nothing left', async () => {
  const { code, out, err } = await world.run('browse deploy/web --claim web-data --image busybox', {
    stdin: 'pwd | sed s,.*/,,; exit 7',
    hints: false,
  });
  assert.equal(code, 7, err);
  assert.notEqual(out, '');
  await untilGone();
});

test('cp with the tar of another image: nothing there is an error that says so, and nothing is left', async () => {
  await mkdir(join(local, 'here'));
  const { code, err } = await world.run(`cp deploy/web:web-data:/none ${local}/here --image busybox`, {
    hints: false,
  });
  assert.equal(code, 1, err);
  assert.match(err, /^error: tar: none: .*; nothing was copied$/m);
  await untilGone();
});

/** The workload's data as tar sends it, cut off in the second file. */
async function breaksOff({ stdout }: ExecRequest): Promise<number> {
  const source = join(local, 'source');
  await mkdir(join(source, 'x'), { recursive: true });
  for (const name of ['one', 'two']) await writeFile(join(source, 'x', name), Buffer.alloc(2_000, 7));
  const archive = execFileSync('tar', ['-C', source, '--sort=name', '-cf', '-', 'x']);
  stdout.write(archive.subarray(0, 512 + 512 + 2_048 + 512 + 1_000));
  throw new ClusterError('unreachable', 'connection lost while running tar');
}

test('a connection that breaks off: how much was copied, no part of a file, and nothing left', async () => {
  const to = join(local, 'broken');
  const { code, err } = await world.run(`cp deploy/web:web-data:/x ${to} --image busybox`, {
    ...{ hints: false, through: (cluster) => ({ ...cluster, exec: breaksOff }) },
  });
  assert.equal(code, 1, err);
  const there = `1 complete file was copied to ${to} before`;
  assert.ok(err.includes(`error: connection lost while running tar; ${there}\n`), err);
  assert.deepEqual(await readdir(to), ['one']);
  await untilGone();
});

test('a file that cannot be written: it is named, the others are copied, and the command fails', async () => {
  const source = join(local, 'named');
  await mkdir(join(source, 'x'), { recursive: true });
  for (const name of ['one', 'three', 'two']) await writeFile(join(source, 'x', name), name);
  const named = `s,x/two,x/${'n'.repeat(300)},`;
  const words = ['-C', source, '--sort=name', '--transform', named, '-cf', '-', 'x'];
  const exec = ({ stdout }: ExecRequest): Promise<number> => {
    stdout.write(execFileSync('tar', words));
    return Promise.resolve(0);
  };
  const to = join(local, 'most');
  const ran = await world.run(`cp deploy/web:web-data:/x ${to} --image busybox`, {
    through: (cluster) => ({ ...cluster, exec }),
  });
  assert.equal(ran.code, 1, ran.err);
  matchGolden('commands/files/not-written', plain(ran.err.replace(/^(?!warning|error|hint).*\n/gm, '')));
  assert.deepEqual(await readdir(to), ['one', 'three']);
  await untilGone();
});

test('a pod that is deleted while it is read: the error says so', async () => {
  const through: RunOptions['through'] = (cluster) => ({
    ...cluster,
    async exec({ pod, namespace }) {
      await cluster.delete(pods, { name: pod, namespace }, { gracePeriodSeconds: 0 });
      await world.until(pods, demo, pod, (it) => it === undefined);
      throw new ClusterError('unreachable', 'connection lost while running tar');
    },
  });
  const { code, err } = await world.run(`cp deploy/web:web-data:/x ${local}/none --image busybox`, {
    ...{ hints: false, through },
  });
  assert.equal(code, 1, err);
  assert.match(err, /^error: connection lost .*; nothing was copied; pod\/\S+ was deleted meanwhile$/m);
  await untilGone();
});

const asRoot = process.getuid?.() === 0 && 'root may write to every directory';
test('refused: a destination that may not be written to', { skip: asRoot }, async () => {
  const locked = join(local, 'locked');
  await mkdir(locked, { mode: 0o555 });
  for (const to of [locked, join(locked, 'x')]) {
    const { code, err } = await world.run(`cp deploy/web:web-data:/x ${to}`, { hints: false });
    assert.equal(code, 2);
    assert.match(err, /^error: cannot write to .*\/locked: permission denied$/m);
  }
  assert.deepEqual((await world.cluster.list(restoreSessions, { namespace: demo })).items, []);
});

test('Ctrl-C while the shell runs', async () => {
  const stop = new AbortController();
  const running = world.run('browse deploy/web --claim web-data --image busybox', {
    ...{ signal: stop.signal, stdin: 'exec sleep 60\n', hints: false },
  });
  for (;;) {
    const { items } = await world.cluster.list(pods, {
      namespace: demo,
      labelSelector: 'app.kubernetes.io/component=files',
    });
    if (items.some(({ status }) => status?.phase === 'Running')) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  stop.abort();
  const { code } = await running;
  assert.equal(code, 130);
  await untilGone();
});
