import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { backupSessions, volumeSnapshots } from '#src/api/resources.ts';
import { selfSigned } from '#test/cluster-adapter/certificate.ts';
import { matchGolden } from '#test/support/golden.ts';

import { checkAdvice } from './advice.ts';
import { claim, deployment, faultyClass, namespace, object, type Created } from './objects.ts';
import { settled } from './settled.ts';
import { startWorld, type RunOptions, type World } from './world.ts';

const demo = 'demo';
const local = '--executor=local';
let world: World;

before(async () => {
  world = await startWorld();
  await world.create(
    namespace(demo),
    namespace('other'),
    namespace('empty'),
    ...['a', 'b', 'c'].map((name) => claim(demo, name)),
    deployment(demo, 'web', ['a', 'b', 'c'], { replicas: 0 }),
    claim('other', 'data', { size: '64Mi' }),
    ...['error-always', 'never-ready'].map((fault): Created => {
      const [resource, built] = faultyClass(fault);
      return [resource, { ...built, deletionPolicy: 'Retain' } as KubernetesObject];
    }),
  );
  await world.bound(demo, 'a', 'b', 'c');
  await world.bound('other', 'data');
  const snapshot = async (words: string, seconds: number, code: number) => {
    world.standAt(seconds);
    const ran = await world.run(`snapshot ${words} ${local}`);
    assert.equal(ran.code, code, ran.err);
  };
  await snapshot('deploy/web', 0, 0);
  await snapshot('pvc/data -n other', 3600, 0);
  await snapshot('deploy/web', 7200, 0);
  await snapshot('pvc/a --snapshot-class=error-always --fail-fast', 7300, 4);
  await world.cluster.delete(volumeSnapshots, { name: 'c-1773457200', namespace: demo });
  await world.until(volumeSnapshots, demo, 'c-1773457200', (it) => it === undefined);
  const byHand = object('snapshot.storage.k8s.io/v1', 'VolumeSnapshot', {
    metadata: { name: 'before-upgrade', namespace: demo },
    spec: { source: { persistentVolumeClaimName: 'b' }, volumeSnapshotClassName: 'sandbox' },
  });
  await world.create([volumeSnapshots, byHand]);
  await world.until(volumeSnapshots, demo, 'before-upgrade', (it) => it?.status?.readyToUse === true);
  world.standAt(10_000);
});

after(() => world[Symbol.asyncDispose]());

const listed = [
  { name: 'all', words: 'list' },
  { name: 'wide', words: 'list -o wide' },
  { name: 'of-one', words: 'list deploy/web' },
  { name: 'all-namespaces', words: 'list -A' },
  { name: 'names', words: 'list -o name' },
  { name: 'none', words: 'list -n empty' },
  { name: 'none-of-one', words: 'list sts/db' },
];

for (const { name, words } of listed) {
  test(`list: ${name}`, async () => {
    const { code, out, err } = await world.run(words);
    matchGolden(`commands/list/${name}`, `${out}--- stderr\n${err}`);
    assert.equal(code, 0);
  });
}

async function refuses(name: string, words: string, code: number, options: RunOptions = {}): Promise<void> {
  const before = await world.census();
  const { out, err, code: exit } = await world.run(words, options);
  assert.deepEqual([exit, out], [code, ''], err);
  await checkAdvice(err);
  matchGolden(
    `commands/${name}`,
    err.replace(/127\.0\.0\.1:\d{2,}/g, 'SERVER').replace(/\/tmp\/[^ ]+\//g, '/tmp/'),
  );
  assert.deepEqual(await world.census(), before);
}

test('list refuses a namespace that does not exist, and an unknown type', async () => {
  await refuses('list/namespace-not-found', 'list -n prod', 3);
  await refuses('list/unknown-type', 'list statefulst/db', 2);
  const effect = { kind: 'fail', code: 403, reason: 'Forbidden' } as const;
  world.sandbox.faults.inject({ verb: 'list', plural: 'volumesnapshots', effect });
  await refuses('list/forbidden', 'list -A', 1);
});

test('wait on finished sessions', async () => {
  const done = await world.run('wait deploy-web-1773464400');
  matchGolden('commands/wait/succeeded', `${done.out}--- stderr\n${settled(done.err)}`);
  assert.equal(done.code, 0);
  const failed = await world.run('wait backupsession/pvc-a-1773464500 -o name');
  assert.deepEqual([failed.code, failed.out], [4, 'backupsession.stash.appscode.com/pvc-a-1773464500\n']);
  await checkAdvice(failed.err);
});

test('wait on a workload shows how its newest session ended, and follows the running one', async () => {
  const ended = await world.run('wait deploy/web');
  matchGolden('commands/wait/newest-of-workload', `${ended.out}--- stderr\n${settled(ended.err)}`);
  assert.equal(ended.code, 0);
  const annotations = { 'stash.appscode.com/target': '{"kind":"Deployment","name":"both"}' };
  const unfinished = (name: string): Created => [
    backupSessions,
    object('stash.appscode.com/v1beta1', 'BackupSession', {
      metadata: { name, namespace: demo, annotations },
      spec: { invoker: { kind: 'BackupConfiguration', name: 'both' } },
    }),
  ];
  await world.create(unfinished('both-1'), unfinished('both-2'));
  await refuses('wait/two-running', 'wait deploy/both', 1);
  await world.cluster.delete(backupSessions, { name: 'both-1', namespace: demo });
  const interrupt = new AbortController();
  interrupt.abort();
  const followed = await world.run('wait deploy/both', { signal: interrupt.signal });
  assert.equal(followed.code, 130, followed.err);
  assert.match(followed.err, /^backupsession\/both-2 is the running session of deployment\/both$/m);
  await world.cluster.delete(backupSessions, { name: 'both-2', namespace: demo });
});

test('wait follows a running session', async () => {
  world.standAt(20_000);
  const interrupt = new AbortController();
  const carriedOut = world.run(`snapshot pvc/b --snapshot-class=never-ready ${local}`, {
    signal: interrupt.signal,
  });
  const at = { name: 'b-1773477200', namespace: demo };
  await world.until(volumeSnapshots, demo, at.name, (it) => it?.status?.creationTime !== undefined);
  const session = { name: 'pvc-b-1773477200', namespace: demo };
  await world.until(backupSessions, demo, session.name, (it) => it?.status?.phase === 'Running');
  const followed = world.run(`wait ${session.name}`);
  const stats = [{ hostname: 'b', phase: 'Failed', error: 'the disk is full' }];
  const target = { ref: { kind: 'PersistentVolumeClaim', name: 'b' }, phase: 'Failed', stats };
  await world.cluster.patch(
    backupSessions,
    session,
    { status: { phase: 'Failed', targets: [target] } },
    { subresource: 'status' },
  );
  const { code, err } = await followed;
  interrupt.abort();
  await carriedOut;
  assert.equal(code, 4);
  matchGolden('commands/wait/failed', settled(err));
});

test('wait refuses a name that is not of a session', async () => {
  await refuses('wait/unknown', 'wait deploy-web-1', 3);
  await refuses('wait/no-session', 'wait', 2);
  await refuses('wait/unknown-kind', 'wait pod/web', 2);
  await refuses('wait/without-session', 'wait deploy/gone', 3);
  await refuses('wait/no-name', 'wait backupsession/', 2);
  await refuses('wait/namespace-not-found', 'wait deploy-web-1 -n prod', 3);
});

test('install --crds, twice', async () => {
  await using bare = await startWorld({ stash: false });
  const names = ['backupconfigurations', 'backupsessions', 'restoresessions'];
  for (const outcome of ['created', 'unchanged']) {
    const { code, out } = await bare.run('install --crds');
    assert.equal(code, 0);
    assert.equal(
      out,
      names
        .map(
          (name) => `customresourcedefinition.apiextensions.k8s.io/${name}.stash.appscode.com ${outcome}\n`,
        )
        .join(''),
    );
  }
});

test('sandbox runs a command and ends with its exit code', async () => {
  const asked = 'test -s "$KUBECONFIG" && exit 7';
  const env = { PATH: process.env['PATH'] ?? '' };
  const { code, out } = await world.run(['sandbox', '--', 'sh', '-c', asked], { env });
  assert.deepEqual([code, out], [7, '']);
  assert.equal((await world.run(['sandbox', '--', 'sh', '-c', 'kill -TERM $$'], { env })).code, 143);
  const plugin = '{ kubectl-stash version --client; kubectl_complete-stash snap; }';
  const ran = await world.run(['sandbox', '--', 'sh', '-c', `test "$(${plugin} | wc -l)" = 3`], { env });
  assert.equal(ran.code, 0, 'the program is on the PATH of the command');
  await refuses('sandbox/nothing-to-run', 'sandbox --', 2);
  await refuses('sandbox/unknown-program', 'sandbox -- no-such-program --flag', 3, { env });
});

test('the server cannot be reached', async () => {
  world.race();
  const bare: RunOptions = { configured: false, env: { HOME: '/nowhere' } };
  await refuses('connection/no-kubeconfig', 'snapshot deploy/web', 1, bare);
  await refuses('connection/kubeconfig-missing', 'list --kubeconfig=/nowhere/config', 1, bare);
  await refuses('connection/unknown-context', 'list --context=prod', 2);
  await refuses('connection/unreachable', 'restore deploy/web --server=https://127.0.0.1:1', 1, bare);
  const { cert, key } = selfSigned({ days: -1 });
  const authority = await world.file('expired.crt', cert);
  const expired = createServer({ cert, key }, (_, response) => void response.end('{}'));
  await new Promise<void>(
    (done) =>
      void expired.listen(0, '127.0.0.1', () => {
        done();
      }),
  );
  const { port } = expired.address() as AddressInfo;
  const flags = `--server=https://127.0.0.1:${port} --certificate-authority=${authority}`;
  await refuses('connection/certificate-expired', `snapshot deploy/web ${flags}`, 1, bare);
  await new Promise((done) => expired.close(done));
  world.standAt(0);
});
