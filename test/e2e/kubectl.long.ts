/** What users do with kubectl next to the plugin. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';

import { deployments, pods } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';

import { missingKubectl } from './kubectl.ts';
import { deployment, reader } from './manifests.ts';
import { openPlace, type Place } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();

interface Kubectl {
  readonly place: Place;
  readonly env: NodeJS.ProcessEnv;
  /** Resolves with kubectl's output; rejects if it fails. `stdin` is its input. */
  readonly run: (args: string, stdin?: unknown) => Promise<string>;
  /** Resolves with kubectl's error message; rejects if it succeeds. */
  readonly fails: (args: string, stdin?: unknown) => Promise<string>;
}

/** Creates a namespace; arguments are separated by single spaces. */
async function setUp(t: TestContext): Promise<Kubectl> {
  const place = await openPlace(t, server);
  const home = await mkdtemp(join(tmpdir(), 'stash-kubectl-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const env = { ...process.env, KUBECONFIG: server.kubeconfig, HOME: home };
  const call = (args: string, stdin?: unknown): Promise<{ code: unknown; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const argv = ['-n', place.namespace, ...args.split(' ')];
      const child = execFile('kubectl', argv, { env }, (error, stdout, stderr) => {
        resolve({ code: error?.code ?? 0, stdout, stderr });
      });
      child.stdin?.end(
        stdin === undefined ? undefined : typeof stdin === 'string' ? stdin : JSON.stringify(stdin),
      );
    });
  return {
    place,
    env,
    async run(args, stdin) {
      const { code, stdout, stderr } = await call(args, stdin);
      assert.equal(code, 0, `kubectl ${args}: ${stderr}`);
      return stdout.trim();
    },
    async fails(args, stdin) {
      const { code, stderr } = await call(args, stdin);
      assert.notEqual(code, 0, `kubectl ${args} should fail`);
      return stderr.trim();
    },
  };
}

/** A session that stays as it is, because its configuration does not exist. */
const session: BackupSession = {
  apiVersion: 'stash.appscode.com/v1beta1',
  kind: 'BackupSession',
  metadata: { name: 's' },
  spec: { invoker: { kind: 'BackupConfiguration', name: 'none' } },
};

await suite('kubectl', { concurrency: 3, skip: missingKubectl() }, () => {
  test('create and apply of a List', async (t) => {
    const { run } = await setUp(t);
    const items = ['a', 'b'].map((name) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }));
    const list = { apiVersion: 'v1', kind: 'List', items };
    assert.equal(await run('create -f -', list), 'configmap/a created\nconfigmap/b created');
    assert.match(await run('apply -f -', list), /^configmap\/a configured\nconfigmap\/b configured$/);
  });

  test('create, get, describe, patch, scale, delete', async (t) => {
    const { place, run, fails } = await setUp(t);
    await place.claims('data');
    const foo = deployment('foo', ['data']);
    assert.equal(await run('create -f -', foo), 'deployment.apps/foo created');
    assert.match(await fails('create -f -', foo), /deployments\.apps "foo" already exists/);
    assert.match(await run('get deploy'), /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nfoo +[01]\/1 /);
    assert.match(await run('get deploy,pvc -o wide -l app=foo'), /busybox +app=foo$/);
    assert.equal(await run('get deploy -o name --field-selector metadata.name=foo'), 'deployment.apps/foo');
    assert.match(await run('get deploy foo -o yaml'), /progressDeadlineSeconds: 600/);
    assert.match(await run('describe deploy foo'), /Replicas: +1 desired/);
    const strategic = {
      spec: { template: { spec: { containers: [{ name: 'busybox', env: [{ name: 'A', value: 'b' }] }] } } },
    };
    await run(`patch deploy foo -p ${JSON.stringify(strategic)}`);
    await run('patch deploy foo --type=json -p [{"op":"replace","path":"/spec/replicas","value":2}]');
    await run('patch deploy foo --type=merge -p {"spec":{"minReadySeconds":1}}');
    assert.equal(await run('scale deploy/foo --replicas=3'), 'deployment.apps/foo scaled');
    const shown = await run(
      'get deploy foo -o jsonpath={.spec.replicas},{..env[0].value},{..image},{.spec.minReadySeconds}',
    );
    assert.equal(shown, '3,b,busybox,1');
    assert.match(await run('delete deploy foo'), /^deployment\.apps "foo" deleted/);
    assert.match(await fails('get deploy foo'), /NotFound/);
    const more = `${place.namespace}-more`;
    assert.equal(await run(`create namespace ${more}`), `namespace/${more} created`);
    assert.match(await run(`delete ns ${more}`), new RegExp(`^namespace "${more}" deleted`));
  });

  test('client-side and server-side apply, and strict field validation', async (t) => {
    const { run, fails } = await setUp(t);
    assert.match(await run('apply -f -', session), /created$/);
    assert.match(await run('apply -f -', session), /unchanged$/);
    const labelled = { ...session, metadata: { name: 's', labels: { a: 'b' } } };
    assert.match(await run('apply -f -', labelled), /configured$/);
    assert.match(await run('apply --server-side --force-conflicts -f -', labelled), /serverside-applied$/);
    const still = { ...deployment('foo', ['none']), metadata: { name: 'foo' } };
    assert.match(await run('apply -f -', still), /created$/);
    const changed = { ...still, spec: { ...still.spec, replicas: 2 } };
    assert.match(await run('apply -f -', changed), /configured$/);
    const typo = { ...session, metadata: { name: 't' }, spec: { ...session.spec, invokr: 'x' } };
    assert.match(await fails('create -f -', typo), /unknown field "spec\.invokr"/);
    const wrong = { ...session, metadata: { name: 't' }, spec: { invoker: { kind: 1, name: 'x' } } };
    assert.match(await fails('create -f -', wrong), /The BackupSession "t" is invalid/);
  });

  test('wait and get -w see changes', async (t) => {
    const { place, env, run, fails } = await setUp(t);
    await run('create -f -', session);
    const following = spawn('kubectl', ['-n', place.namespace, 'get', 'backupsessions', '-w'], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    t.after(() => following.kill());
    let shown = '';
    following.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    const waiting = run('wait --for=jsonpath={.status.phase}=Running backupsession/s --timeout=60s');
    while (!shown.includes('\ns ')) await once(following.stdout, 'data');
    await run('patch backupsession s --subresource=status --type=merge -p {"status":{"phase":"Running"}}');
    assert.match(await waiting, /condition met$/);
    while (!/^s +.*Running/m.test(shown)) await once(following.stdout, 'data');
    assert.match(shown, /^NAME +INVOKER-TYPE +INVOKER-NAME +PHASE +DURATION +AGE\n/);
    const gone = run('wait --for=delete backupsession/s --timeout=60s');
    await run('delete backupsession s');
    await gone;
    assert.match(await fails('wait --for=condition=Ready backupsession/s --timeout=1s'), /NotFound/);
  });

  test('exec with streams and exit code, and logs', async (t) => {
    const { place, run, fails } = await setUp(t);
    await place.claims('data');
    const pod = reader(['data'], 'echo one; echo two; sleep 3000');
    await place.create(pods, { ...pod, metadata: { name: 'p' } });
    await run('wait --for=condition=Ready pod/p --timeout=120s');
    assert.equal(await run('exec p -- echo hello there'), 'hello there');
    assert.equal(await run('exec -i p -- cat', 'by stdin'), 'by stdin');
    await run('exec p -- touch /source/data/made');
    assert.equal(await run('exec p -- ls /source/data'), 'made');
    assert.match(await fails('exec p -- ls /source/data/nothing'), /No such file[\s\S]*exit code [12]/);
    assert.match(await fails('exec nowhere -- ls'), /pods "nowhere" not found/);
    assert.equal(await run('logs p'), 'one\ntwo');
    assert.equal(await run('logs p --tail=1'), 'two');
  });

  test('kubectl sees the objects of the plugin, and the plugin those of kubectl', async (t) => {
    const { place, run } = await setUp(t);
    await place.claims('data');
    await run('create -f -', deployment('demo', ['data']));
    await place.running('demo');
    assert.match(await run('rollout status deploy/demo'), /successfully rolled out/);
    await place.succeeds('snapshot deploy/demo --executor=local');
    assert.match(await run('get backupsessions'), /BackupConfiguration +deploy-demo +Succeeded/);
    await run('wait --for=jsonpath={.status.readyToUse}=true vs --all --timeout=60s');
    await run('delete deploy demo');
    await place.until(deployments, (all) => all.length === 0);
    await run('delete pvc data');
    await place.succeeds('restore deploy/demo --executor=local');
    assert.match(await run('get pvc data'), /data +Bound/);
    assert.match(await run('get restoresessions'), /^NAME +REPOSITORY +PHASE[\s\S]*Succeeded/);
  });

  test('explain', async (t) => {
    const { run } = await setUp(t);
    const explained = await run('explain backupsession.spec');
    assert.match(explained, /^GROUP: +stash\.appscode\.com\nKIND: +BackupSession\n/);
    assert.match(explained, /invoker\s+<Object>/);
  });

  test('requests that kubectl sends as protobuf', async (t) => {
    const { run } = await setUp(t);
    assert.equal(await run('create configmap c --from-literal=a=b'), 'configmap/c created');
    assert.equal(await run('get cm c -o jsonpath={.data.a}'), 'b');
    assert.equal(await run('create deployment d --image=nginx --replicas=0'), 'deployment.apps/d created');
    assert.equal(await run('create serviceaccount sa'), 'serviceaccount/sa created');
    assert.equal(await run('auth can-i create pods'), 'yes');
  });
});
