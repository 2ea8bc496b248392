import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  backupConfigurations,
  backupSessions,
  deployments,
  persistentVolumeClaims,
  restoreSessions,
  storageClasses,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { matchGolden } from '#test/support/golden.ts';
import { stepByStep } from '#test/support/without-right.ts';

import { checkAdvice } from './advice.ts';
import { claim, deployment, namespace, object, statefulSet } from './objects.ts';
import { paste } from './paste.ts';
import { screen, settled, withoutIds } from './settled.ts';
import { startWorld, type World } from './world.ts';

const local = '--executor=local';
let world: World;

before(async () => {
  world = await startWorld();
  await world.create([
    storageClasses,
    object('storage.k8s.io/v1', 'StorageClass', {
      metadata: { name: 'other' },
      provisioner: 'sandbox.csi.stash.dev',
    }),
  ]);
});

after(() => world[Symbol.asyncDispose]());

/** A namespace with deployment `web`, claims `data` and `logs`, and one restore point. */
async function place(name: string, { replicas = 0 } = {}): Promise<void> {
  world.standAt(0);
  await world.create(
    namespace(name),
    claim(name, 'data', { labels: { app: 'web' }, size: '128Mi', storageClass: 'other' }),
    claim(name, 'logs', { modes: ['ReadWriteMany'] }),
    deployment(name, 'web', ['data', 'logs'], { replicas }),
  );
  await world.bound(name, 'data', 'logs');
  const { code, err } = await world.run(`snapshot deploy/web -n ${name} ${local}`);
  assert.equal(code, 0, err);
  world.standAt(60);
}

async function drop(namespace: string, ...names: readonly string[]): Promise<void> {
  for (const name of names) await world.cluster.delete(persistentVolumeClaims, { name, namespace });
  for (const name of names)
    await world.until(persistentVolumeClaims, namespace, name, (it) => it === undefined);
}

async function claims(namespace: string) {
  const { items } = await world.cluster.list(persistentVolumeClaims, { namespace });
  return items.map(({ metadata: { name, labels = {} }, spec, status }) => ({
    name,
    app: labels['app'],
    class: spec.storageClassName,
    size: spec.resources?.requests?.storage,
    modes: spec.accessModes,
    volumeMode: spec.volumeMode,
    from: spec.dataSource?.name,
    phase: status?.phase,
  }));
}

const data = {
  name: 'data',
  app: 'web',
  class: 'other',
  size: '128Mi',
  modes: ['ReadWriteOnce'],
  volumeMode: 'Filesystem',
  from: 'data-1773457200',
  phase: 'Bound',
};
const logs = {
  ...data,
  name: 'logs',
  app: undefined,
  class: 'sandbox',
  size: '1Gi',
  modes: ['ReadWriteMany'],
  from: 'logs-1773457200',
};

test('restore brings back claims as they were, when workload, configuration, session and claims are gone', async () => {
  await place('gone');
  await drop('gone', 'data', 'logs');
  await world.cluster.delete(deployments, { name: 'web', namespace: 'gone' });
  await world.cluster.delete(backupSessions, { name: 'deploy-web-1773457200', namespace: 'gone' });
  await world.cluster.delete(backupConfigurations, { name: 'deploy-web', namespace: 'gone' });
  const { code, out, err } = await world.run(`restore deploy/web -n gone ${local}`);
  matchGolden('commands/restore/restored', `${out}--- stderr\n${settled(err)}`);
  assert.equal(code, 0);
  assert.deepEqual(await claims('gone'), [data, logs]);
});

test('restore of some claims, by session, into another class', async () => {
  await place('some');
  await drop('some', 'data', 'logs');
  const words = 'restore deploy web --from=deploy-web-1773457200 -n some';
  const first = await world.run(`${words} --only=data --storage-class=sandbox -o name ${local}`);
  assert.deepEqual(
    [first.code, first.out],
    [0, 'restoresession.stash.appscode.com/restore-deploy-web-1773457260\n'],
  );
  assert.deepEqual(await claims('some'), [{ ...data, class: 'sandbox' }]);
  world.standAt(120);
  const second = await world.run(`${words} --only=logs -o json ${local}`);
  const printed = JSON.parse(second.out) as { kind: string; status: { phase: string } };
  assert.deepEqual([printed.kind, printed.status.phase], ['RestoreSession', 'Succeeded']);
  assert.deepEqual(await claims('some'), [{ ...data, class: 'sandbox' }, logs]);
});

for (const columns of [80, 200]) {
  test(`restore: the last frame on a terminal of ${columns} columns`, async () => {
    const name = `terminal-${columns}`;
    await place(name);
    const ran = await world.run(`restore deploy/web --suffix=-restored -n ${name} ${local}`, {
      isTTY: true,
      columns,
    });
    assert.equal(ran.code, 0);
    matchGolden(`commands/restore/frame-${columns}`, `${screen(ran.err)}--- stdout\n${ran.out}`);
  });
}

test('restore notes that a claim has to grow', async () => {
  await place('grown');
  await drop('grown', 'data', 'logs');
  const at = { name: 'data-1773457200', namespace: 'grown' };
  const source = { storage: '64Mi', accessModes: ['ReadWriteOnce'] };
  const annotations = { 'stash.appscode.com/source-claim': JSON.stringify(source) };
  await world.cluster.patch(volumeSnapshots, at, { metadata: { annotations } });
  const { code, out, err } = await world.run(`restore deploy/web -n grown ${local}`);
  assert.equal(code, 0);
  matchGolden('commands/restore/grown', `${out}--- stderr\n${settled(err)}`);
});

test('restore waits for a first consumer that does not exist, and says so', async () => {
  await place('late');
  const words = `restore deploy/web --suffix=-late --only=data --storage-class=sandbox-wait -n late ${local}`;
  const { code, out, err } = await world.run(words);
  assert.deepEqual([code, out], [6, '']);
  await checkAdvice(err);
  matchGolden('commands/restore/waits-for-consumer', settled(err));
});

test('restore: a dry run prints what would be created, and creates nothing', async () => {
  await place('dry');
  await drop('dry', 'data', 'logs');
  const before = await world.census();
  const { code, out, err } = await world.run(`restore deploy/web --dry-run=client -n dry ${local}`);
  assert.deepEqual([code, err], [0, '']);
  matchGolden('commands/restore/dry-run', out);
  const malformed = await world.run(`restore deploy/web --strip-label=app=web -n dry ${local}`);
  assert.equal(malformed.code, 2);
  matchGolden('commands/restore/malformed-label', malformed.err);
  const yaml = await world.run(`restore deploy/web --only=data --dry-run=client -o yaml -n dry ${local}`);
  matchGolden('commands/restore/dry-run-yaml', withoutIds(yaml.out));
  assert.deepEqual(await world.census(), before);
});

test('restore carries out a file as in the guides, from a path and from standard input', async () => {
  world.standAt(0);
  const name = 'guide';
  await world.create(namespace(name), statefulSet(name, 'db', { replicas: 2 }));
  await world.bound(name, 'data-db-0', 'data-db-1');
  assert.equal((await world.run(`snapshot sts/db -n ${name} ${local}`)).code, 0);
  world.standAt(60);
  const text = (session: string, prefix: string) => `apiVersion: stash.appscode.com/v1beta1
kind: RestoreSession
metadata:
  name: ${session}
  namespace: ${name}
spec:
  driver: VolumeSnapshotter
  target:
    replicas: 2
    volumeClaimTemplates:
    - metadata:
        name: ${prefix}-\${POD_ORDINAL}
      spec:
        accessModes: [ "ReadWriteOnce" ]
        storageClassName: "sandbox"
        resources:
          requests:
            storage: 1Gi
        dataSource:
          kind: VolumeSnapshot
          name: data-db-\${POD_ORDINAL}-1773457200
          apiGroup: snapshot.storage.k8s.io
`;
  const files = { 'restore.yaml': text('from-file', 'one') };
  const file = await world.run(`restore -f restore.yaml ${local}`, { files });
  assert.equal(file.code, 0, file.err);
  matchGolden('commands/restore/from-file', `${file.out}--- stderr\n${settled(file.err)}`);
  const stdin = await world.run(`restore -f - ${local}`, { stdin: text('from-stdin', 'two') });
  assert.equal(stdin.code, 0, stdin.err);
  const restored = (await claims(name)).filter(({ from }) => from !== undefined);
  assert.deepEqual(
    restored.map((it) => [it.name, it.from, it.phase]),
    ['one-0', 'one-1', 'two-0', 'two-1'].map((it) => [it, `data-db-${it.slice(-1)}-1773457200`, 'Bound']),
  );
  const again = await world.run(`restore -f restore.yaml ${local}`, {
    files: { 'restore.yaml': text('from-file', 'three') },
  });
  assert.equal(again.code, 1);
  await checkAdvice(again.err);
  matchGolden('commands/restore/file-name-taken', again.err);
  assert.equal((await world.cluster.list(restoreSessions, { namespace: name })).items.length, 2);
});

/** The commands under the hint line that begins with `words`, up to the next line that is not a command. */
function proposed(stderr: string, words: string): string[] {
  const lines = stderr.split('\n').map((line) => line.replace(/^hint:/, '').trim());
  const from = lines.findIndex((line) => line.startsWith(words)) + 1;
  assert.ok(from > 0, stderr);
  const length = lines.slice(from).findIndex((line) => !line.startsWith('kubectl '));
  return lines.slice(from, from + length);
}

test('every printed way to restore despite existing claims works', async () => {
  await place('hints', { replicas: 1 });
  const { code, err } = await world.run(`restore deploy/web -n hints ${local}`, { through: stepByStep });
  assert.equal(code, 1);
  await checkAdvice(err);
  assert.match(err, /claim data exists and is used by pod web-/);
  await paste(world, proposed(err, 'beside it'));
  world.standAt(120);
  await paste(world, proposed(err, 'or under a name of your own'));
  world.standAt(180);
  await paste(world, proposed(err, 'or in place'));
  await world.until(deployments, 'hints', 'web', (it) => it?.status?.readyReplicas === 1);
  const fresh = (name: string, of: typeof data | typeof logs) => ({ ...of, name });
  assert.deepEqual(await claims('hints'), [
    data,
    fresh('data-copy', data),
    fresh('data-restored', data),
    logs,
    fresh('logs-copy', logs),
    fresh('logs-restored', logs),
  ]);
});

test('the printed steps to restore one claim of a StatefulSet in place work', async () => {
  world.standAt(0);
  const name = 'steps';
  await world.create(namespace(name), statefulSet(name, 'db', { replicas: 2 }));
  await world.bound(name, 'data-db-0', 'data-db-1');
  assert.equal((await world.run(`snapshot sts/db -n ${name} ${local}`)).code, 0);
  world.standAt(60);
  const { err } = await world.run(`restore sts/db --only=data-db-1 -n ${name} ${local}`, {
    through: stepByStep,
  });
  await paste(world, proposed(err, 'or in place'));
  const found = await claims(name);
  assert.deepEqual(
    found.map((it) => [it.name, it.from]),
    [
      ['data-db-0', undefined],
      ['data-db-1', 'data-db-1-1773457200'],
    ],
  );
});

test('the commands in a hint go to the cluster that the command used', async () => {
  await place('elsewhere');
  const { kubeconfig } = world.sandbox;
  const flags = `--kubeconfig ${kubeconfig} --context sandbox`;
  const { err } = await world.run(`restore deploy/none -n elsewhere ${flags}`);
  assert.ok(err.endsWith(`hint: kubectl stash list -n elsewhere ${flags}\n`), err);
  const exists = await world.run(`restore deploy/web -n elsewhere ${flags}`, { through: stepByStep });
  const steps = proposed(exists.err, 'or in place');
  assert.ok(steps.length > 2, exists.err);
  steps.forEach((step, index) => {
    assert.ok(step.endsWith(` ${flags}${index === steps.length - 1 ? '' : ' &&'}`), step);
  });
});

test('--from takes a place and a time, and says which restore point that is', async () => {
  await place('moments');
  const words = 'restore deploy/web -n moments --suffix=-copy --dry-run=client --from';
  for (const from of ['-1', '10s', '2126-01-01', 'deploy-web-1773457200']) {
    const { code, err } = await world.run(`${words} ${from}`);
    assert.equal(code, 0, err);
    const note = err.split('\n').find((line) => line.includes('--from')) ?? '';
    if (from.startsWith('deploy')) assert.equal(note, '');
    else assert.match(note, /^note: --from \S+ is restore point deploy-web-1773457200, cut \S+ ago \(2026-/);
  }
  const early = await world.run(`${words} 2026-03-01`);
  assert.equal(early.code, 3);
  assert.match(
    early.err,
    /^error: deployment\/web has no complete restore point of 2026-03-01T.* or before; the oldest is of 2026-03-14T03:/,
  );
  assert.match(early.err, /^hint: kubectl stash list deployment\/web -n moments$/m);
  const far = await world.run(`${words} -2`);
  assert.match(far.err, /^error: deployment\/web has only 1 complete restore point$/m);
});
