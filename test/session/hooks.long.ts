/** Hooks in real pods: when they run, how the session ends, and that the application is resumed. */
import assert from 'node:assert/strict';
import { placeholderSchedule } from '#src/domain/backup/placeholder.ts';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import type { Condition, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { backupConfigurations, backupSessions, deployments, volumeSnapshots } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession, HookHandler, PostHook } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { targetAnnotation, type Target } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';
import { carryOut } from '#src/session/run/carry-out.ts';
import { backup } from '#src/session/kinds/backup.ts';
import { manualClock } from '#test/support/clock.ts';
import { until } from '#test/support/until.ts';

import { appConfiguration } from './app-objects.ts';
import { fastClock, hastyClock } from './clocks.ts';
import { freezing } from './freezing.ts';
import { checkLog, inPod, logOf, note, runningHome } from './hooked.ts';
import { openStage, untilOutput, type Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
  await Promise.all([
    stage.snapshotClass('never', { fault: 'never-ready' }),
    stage.snapshotClass('uncut', { fault: 'error-always' }),
  ]);
});
after(() => stage.stop());

const snapshot = (...more: readonly string[]) => ['snapshot', 'deploy/app', '--executor=local', ...more];
const around = ['--pre', note('freeze'), '--post', note('thaw'), '--max-freeze', '10h'];

async function only(namespace: string): Promise<Stored<BackupSession>> {
  const [session, second] = await stage.all(backupSessions, namespace);
  assert(session && !second);
  return session;
}

function hooksOf({ status }: Stored<BackupSession>): string[] {
  const conditions: Condition[] = (status?.targets ?? []).flatMap((target) => target.conditions ?? []);
  return conditions.map(({ type, status, reason }) => `${type} ${status} ${reason ?? ''}`);
}

async function configure(namespace: string, hooks: BackupConfiguration['spec']['hooks']): Promise<void> {
  const spec = { schedule: placeholderSchedule, paused: true, ...(hooks && { hooks }) };
  await stage.sandbox.cluster.create(
    backupConfigurations,
    appConfiguration({ name: 'hooked', namespace }, spec),
  );
}

test('quiesces the application while the snapshots are cut, and resumes it before they are ready', async () => {
  const namespace = await runningHome(stage, ['data', 'logs']);
  const clock = hastyClock();
  const play = stage.play(snapshot(...around, '--snapshot-class', 'never'), { namespace, clock });
  await until(stage.sandbox.cluster, backupSessions, { namespace }, ([session]) =>
    session ? hooksOf(session).length === 2 : false,
  );
  assert.deepEqual(await logOf(stage, namespace), ['freeze', 'thaw']);
  assert.deepEqual(await stage.phases(namespace), ['Running']);
  await stage.makeReady(namespace, 'data', 'logs');
  assert.equal(await play.exit, 0, play.context.stderr());
  const session = await only(namespace);
  assert.equal(session.status?.phase, 'Succeeded');
  assert.deepEqual(hooksOf(session), [
    'PreBackupHookExecutionSucceeded True SuccessfullyExecutedPreBackupHook',
    'PostBackupHookExecutionSucceeded True SuccessfullyExecutedPostBackupHook',
  ]);
});

test("a preBackup hook fails: no snapshot, the application is resumed, the hook's last line is reported", async () => {
  const namespace = await runningHome(stage, ['data']);
  const pre = `${note('freeze')}; echo first; echo disk is full >&2; echo; exit 3`;
  const { exit, context } = stage.play(snapshot('--pre', pre, '--post', note('thaw')), {
    namespace,
    clock: hastyClock(),
  });
  assert.equal(await exit, 4);
  assert.match(
    context.stderr(),
    /preBackup hook failed in pod app-\S+ \(container app\): exit code 3: disk is full/,
  );
  assert.deepEqual(await stage.snapshotted(namespace), []);
  assert.deepEqual(await logOf(stage, namespace), ['freeze', 'thaw']);
  assert.deepEqual(hooksOf(await only(namespace)), [
    'PreBackupHookExecutionSucceeded False FailedToExecutePreBackupHook',
    'PostBackupHookExecutionSucceeded True SuccessfullyExecutedPostBackupHook',
  ]);
});

test('a snapshot that is not cut in time has failed, even if it becomes ready later', async () => {
  const namespace = await runningHome(stage, ['data']);
  const clock = manualClock(new Date());
  const argv = snapshot(...around.slice(0, 4), '--max-freeze', '2m', '--snapshot-class', 'uncut');
  const play = stage.play(argv, { namespace, clock });
  await untilOutput(play, /data: .*driver reports/);
  assert.deepEqual(await logOf(stage, namespace), ['freeze']);
  await clock.advance(2 * 60_000 + 5_000);
  assert.equal(await play.exit, 4, play.context.stderr());
  assert.deepEqual(await logOf(stage, namespace), ['freeze', 'thaw']);
  assert.match(
    play.context.stderr(),
    /data: not cut within 2m of quiescing the application, which was resumed/,
  );
  // The snapshot's annotation outlives the session.
  const since = Date.parse((await only(namespace)).metadata.annotations?.[annotation.quiescedSince] ?? '');
  const [made] = await stage.all(volumeSnapshots, namespace);
  assert.equal(Date.parse(made?.metadata.annotations?.[annotation.cutBefore] ?? ''), since + 2 * 60_000);
});

test('retries a postBackup hook that fails; at last reports the failure with the command to run by hand', async () => {
  const namespace = await runningHome(stage, ['data']);
  const post = `${note('try')}; echo will not; exit 1`;
  const { exit, context } = stage.play(
    snapshot('--pre', note('freeze'), '--post', post, '--max-freeze', '10h'),
    { namespace, clock: fastClock() },
  );
  assert.equal(await exit, 4);
  assert.deepEqual(await logOf(stage, namespace), ['freeze', 'try', 'try', 'try', 'try']);
  assert.match(
    context.stderr(),
    /exit code 1: will not; the application may still be quiesced; to resume it: kubectl exec -n home-\d+ app-\S+ -c app -- \/bin\/sh -c 'echo try >> \/data\/log; /,
  );
  const session = await only(namespace);
  assert.equal(session.status?.phase, 'Failed');
  assert.deepEqual(
    session.status.targets?.[0]?.stats?.map(({ phase }) => phase),
    ['Succeeded'],
  );
});

test('a preBackup hook times out: says that its command may still run', async () => {
  const namespace = await runningHome(stage, ['data']);
  const argv = snapshot(
    '--pre',
    `${note('freeze')}; exec sleep 60`,
    '--post',
    note('thaw'),
    '--max-freeze',
    '1m',
  );
  const { exit, context } = stage.play(argv, { namespace, clock: fastClock(new Date(), 20) });
  assert.equal(await exit, 4);
  assert.match(
    context.stderr(),
    /\(container app\): not done within 1m; the command may still be running in the pod/,
  );
});

test('without a preBackup hook that ran, no message says that the application may be quiesced', async () => {
  const namespace = await runningHome(stage, ['data']);
  const shell = { exec: { command: ['/bin/sh', '-c', 'exit 1'] } };
  await configure(namespace, { preBackup: { exec: { command: [] } }, postBackup: shell });
  const target: Target = { kind: 'Deployment', name: 'app', namespace };
  const session = await stage.sandbox.cluster.create<BackupSession>(backupSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: { name: 'hooked-1', namespace, annotations: targetAnnotation(target) },
    spec: { invoker: { kind: 'BackupConfiguration', name: 'hooked' } },
  });
  const { signal } = new AbortController();
  const ended = await carryOut(
    { cluster: stage.cluster, clock: fastClock(), signal, tell: () => undefined, onChange: () => undefined },
    backup,
    { session, id: 'job-1', context: { maxFreezeMs: 3_600_000 }, held: 'leave' },
  );
  assert.equal(ended.metadata.annotations?.[annotation.quiescedSince], undefined);
  const conditions = (ended.status?.targets ?? []).flatMap((each) => each.conditions ?? []);
  const words = conditions.map(({ message = '' }) => message).join('; ');
  assert.match(words, /preBackup hook has exec without a command; postBackup hook failed in pod app-\S+/);
  assert.doesNotMatch(words, /quiesced/);
});

test('Ctrl-C while the application is quiesced: it is resumed, and a rerun ends the session Failed', async () => {
  const namespace = await runningHome(stage, ['data']);
  const stop = new AbortController();
  const argv = snapshot(...around, '--snapshot-class', 'uncut');
  const { signal } = stop;
  const cluster = readsUntil(signal, stage.cluster);
  const play = stage.play(argv, { namespace, clock: hastyClock(), signal, cluster });
  await untilOutput(play, /data: .*driver reports/);
  // Another client writes at the same moment.
  const { name } = (await only(namespace)).metadata;
  const label = { metadata: { labels: { seen: 'yes' } } };
  await stage.sandbox.cluster.patch(backupSessions, { name, namespace }, label);
  stop.abort();
  assert.equal(await play.exit, 130);
  assert.deepEqual(await logOf(stage, namespace), ['freeze', 'thaw']);
  assert.equal(hooksOf(await only(namespace)).length, 2);
  const rerun = stage.play(snapshot(...around), { namespace, clock: hastyClock() });
  assert.equal(await rerun.exit, 4, rerun.context.stderr());
  assert.match(rerun.context.stderr(), /not cut when the application was resumed/);
  checkLog(await logOf(stage, namespace));
});

test('Ctrl-C while the preBackup hook runs: the application is resumed, a rerun completes the session', async () => {
  const namespace = await runningHome(stage, ['data']);
  const stop = new AbortController();
  const pre = `${note('freeze')}; while ! test -e /data/go; do sleep 0.05; done`;
  const argv = snapshot('--pre', pre, '--post', `${note('thaw')}; touch /data/go`, '--max-freeze', '10h');
  const play = stage.play(argv, { namespace, clock: hastyClock(), signal: stop.signal });
  while (!(await logOf(stage, namespace)).includes('freeze')) await setImmediate();
  stop.abort();
  await inPod(stage, namespace, 'touch /data/go');
  assert.equal(await play.exit, 130, play.context.stderr());
  assert.deepEqual(await logOf(stage, namespace), ['freeze', 'thaw']);
  assert.deepEqual(hooksOf(await only(namespace)), []);
  const rerun = stage.play(argv, { namespace, clock: hastyClock() });
  assert.equal(await rerun.exit, 0, rerun.context.stderr());
  assert.deepEqual(await logOf(stage, namespace), ['freeze', 'thaw', 'freeze', 'thaw']);
  assert.deepEqual(await stage.snapshotted(namespace), ['data']);
});

test('Ctrl-C before the preBackup hook begins: it has not failed, and a rerun completes the session', async () => {
  const namespace = await runningHome(stage, ['data']);
  const stop = new AbortController();
  const argv = snapshot(...around, '--max-freeze', '10h');
  const { cluster } = stage.sandbox;
  const stopped = readsUntil(stop.signal, {
    ...cluster,
    async patch(...args) {
      const patched = await cluster.patch(...args);
      if (JSON.stringify(args[2]).includes(annotation.quiescedSince)) stop.abort();
      return patched;
    },
  });
  const play = stage.play(argv, { namespace, clock: hastyClock(), cluster: stopped, signal: stop.signal });
  assert.equal(await play.exit, 130, play.context.stderr());
  assert.deepEqual(await logOf(stage, namespace), []);
  const left = await only(namespace);
  assert.deepEqual(hooksOf(left), []);
  assert.equal(left.metadata.annotations?.[annotation.quiescedSince], undefined);
  const rerun = stage.play(argv, { namespace, clock: hastyClock() });
  assert.equal(await rerun.exit, 0, rerun.context.stderr());
  assert.deepEqual(await logOf(stage, namespace), ['freeze', 'thaw']);
});

test('Ctrl-C before a postBackup hook of another policy begins: a rerun runs it', async () => {
  const namespace = await runningHome(stage, ['data']);
  const shell = (command: string) => ({ exec: { command: ['/bin/sh', '-c', command] } });
  await configure(namespace, {
    postBackup: { ...shell(note('post')), executionPolicy: 'OnSuccess' } satisfies PostHook,
  });
  const stop = new AbortController();
  const stopped = readsUntil(stop.signal, listsNoPods(stage.sandbox.cluster, stop));
  const play = stage.play(snapshot(), {
    namespace,
    clock: hastyClock(),
    cluster: stopped,
    signal: stop.signal,
  });
  assert.equal(await play.exit, 130, play.context.stderr());
  assert.deepEqual(hooksOf(await only(namespace)), []);
  const rerun = stage.play(snapshot(), { namespace, clock: hastyClock() });
  assert.equal(await rerun.exit, 0, rerun.context.stderr());
  assert.deepEqual(await logOf(stage, namespace), ['post']);
});

test('Ctrl-C before the postBackup hook begins: the command says so, and a rerun resumes the application', async () => {
  const namespace = await runningHome(stage, ['data']);
  const argv = snapshot(...around, '--snapshot-class', 'never');
  const clock = hastyClock();
  const port = freezing(stage.sandbox.cluster, { write: 6, when: 'after' });
  stage.play(argv, { namespace, clock, cluster: port.cluster });
  await port.frozen;
  assert.deepEqual(await logOf(stage, namespace), ['freeze']);
  const later = () => fastClock(new Date(clock.now().getTime() + 60_000), 20);

  const stop = new AbortController();
  const stopped = listsNoPods(stage.sandbox.cluster, stop);
  const second = stage.play(argv, { namespace, clock: later(), cluster: stopped, signal: stop.signal });
  assert.equal(await second.exit, 4, second.context.stderr());
  assert.match(second.context.stderr(), /did not run: interrupted; the application may still be quiesced/);
  const left = await only(namespace);
  assert(!hooksOf(left).some((told) => told.startsWith('PostBackup')));
  assert.deepEqual(
    left.status?.targets?.[0]?.stats ?? [],
    [],
    'a snapshot that is not cut yet may still be taken',
  );
  await stage.makeReady(namespace, 'data');
  const rerun = stage.play(argv, { namespace, clock: later() });
  assert.equal(await rerun.exit, 0, rerun.context.stderr());
  checkLog(await logOf(stage, namespace));
});

/** Interrupts the program when it is about to list pods. */
function listsNoPods(inner: Cluster, stop: AbortController): Cluster {
  return {
    ...inner,
    list: (resource, scope) => {
      if (resource.plural === 'pods') stop.abort();
      return stop.signal.aborted
        ? Promise.reject(new StashError('interrupted', 'interrupted'))
        : inner.list(resource, scope);
    },
  };
}

/** Fails as the adapter does for an interrupted program. */
function readsUntil(signal: AbortSignal, inner: Cluster): Cluster {
  const read = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (signal.aborted) throw new StashError('interrupted', 'interrupted');
    return await ask();
  };
  return {
    ...inner,
    get: (...args) => read(() => inner.get(...args)),
    list: (...args) => read(() => inner.list(...args)),
  };
}

for (const { policy, pre, post } of [
  { policy: 'OnSuccess', pre: note('pre'), post: true },
  { policy: 'OnSuccess', pre: 'exit 1', post: false },
  { policy: 'OnFailure', pre: note('pre'), post: false },
  { policy: 'OnFailure', pre: 'exit 1', post: true },
  { policy: 'OnFinalRetryFailure', pre: 'exit 1', post: true },
  { policy: 'OnFinalRetryFailure', pre: note('pre'), post: false },
  { policy: 'Always', pre: 'exit 1', post: true },
] as const) {
  test(`postBackup ${policy} after a preBackup hook "${pre}": ${post ? 'run' : 'not run'}`, async () => {
    const namespace = await runningHome(stage, ['data']);
    const shell = (command: string) => ({ exec: { command: ['/bin/sh', '-c', command] } });
    const postBackup: PostHook = { ...shell(note('post')), executionPolicy: policy };
    await configure(namespace, { preBackup: shell(pre), postBackup });
    const { exit, context } = stage.play(snapshot(), { namespace, clock: hastyClock() });
    assert.equal(await exit, pre === 'exit 1' ? 4 : 0, context.stderr());
    const log = await logOf(stage, namespace);
    assert.equal(log.includes('post'), post);
    assert.equal(
      /only executionPolicy Always guarantees that the application is resumed/.test(context.stderr()),
      policy !== 'Always',
    );
  });
}

test('httpPost and tcpSocket reach a listening server', async () => {
  const namespace = await runningHome(stage, ['data']);
  const asked: string[] = [];
  const http = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      asked.push(`${method} ${url} ${String(headers['content-type'])} ${String(headers['x-why'])} ${body}`);
      response.end('fine');
    });
  });
  const tcp = createTcpServer((socket) => socket.end());
  await Promise.all(
    [http, tcp].map(
      (server) =>
        new Promise<void>((up) =>
          server.listen(0, '127.0.0.1', () => {
            up();
          }),
        ),
    ),
  );
  const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
  try {
    await configure(namespace, {
      preBackup: {
        httpPost: {
          port: portOf(http),
          path: 'freeze',
          httpHeaders: [{ name: 'X-Why', value: 'snapshot' }],
          form: [{ key: 'what', values: ['all', 'now'] }],
        },
      },
      postBackup: { tcpSocket: { port: portOf(tcp) } },
    });
    const { exit, context } = stage.play(snapshot('--max-freeze', '10h'), { namespace, clock: hastyClock() });
    assert.equal(await exit, 0, context.stderr());
    assert.deepEqual(asked, ['POST /freeze application/x-www-form-urlencoded snapshot what=all&what=now']);
  } finally {
    http.close();
    tcp.close();
  }
});

test('a refused request, a status other than success, an unknown port and container', async () => {
  const page = '<HTML><HEAD><TITLE>404 Not Found</TITLE></HEAD>\n<BODY></BODY></HTML>\n';
  const http = createServer(({ url }, response) => {
    response.writeHead(url === '/none' ? 404 : 503);
    response.end(url === '/none' ? page : 'not now\n');
  });
  await new Promise<void>((up) =>
    http.listen(0, '127.0.0.1', () => {
      up();
    }),
  );
  const port = (http.address() as AddressInfo).port;
  try {
    const cases: [HookHandler, RegExp][] = [
      [{ httpGet: { port } }, /HTTP 503: not now/],
      [{ httpGet: { port, path: '/none' } }, /HTTP 404: 404 Not Found$/m],
      [{ httpGet: { port: 'admin' } }, /container app has no port named admin/],
      [{ tcpSocket: { port: 1 } }, /127\.0\.0\.1:1: .*ECONNREFUSED/],
      [
        { exec: { command: ['true'] }, containerName: 'db' },
        /preBackup hook failed in pod app-\S+: it has no container db, but app, aside/,
      ],
    ];
    for (const [preBackup, words] of cases) {
      const namespace = await runningHome(stage, ['data']);
      await configure(namespace, { preBackup });
      const { exit, context } = stage.play(snapshot(), { namespace, clock: hastyClock() });
      assert.equal(await exit, 4);
      assert.match(context.stderr(), words);
      assert.deepEqual(await stage.snapshotted(namespace), []);
    }
  } finally {
    http.close();
  }
});

test('no pod is fine for a workload that is scaled to 0', async () => {
  const namespace = await stage.home(['data']);
  const { exit, context } = stage.play(snapshot(...around), { namespace, clock: hastyClock() });
  assert.equal(await exit, 0, context.stderr());
  const { status } = await only(namespace);
  const [pre] = status?.targets?.[0]?.conditions ?? [];
  assert.equal(pre?.message, 'preBackup hook had nowhere to run: deployment/app is scaled to 0');
});

test('runs the hook in all running pods', async () => {
  const namespace = await runningHome(stage, ['data'], 3);
  const { exit, context } = stage.play(snapshot(...around), { namespace, clock: hastyClock() });
  assert.equal(await exit, 0, context.stderr());
  assert.deepEqual((await logOf(stage, namespace)).sort(), [
    ...['freeze', 'freeze', 'freeze'],
    ...['thaw', 'thaw', 'thaw'],
  ]);
  await stage.sandbox.cluster.delete(deployments, { name: 'app', namespace });
});

test('does not run hooks that another user wrote on a session: names the command that would', async () => {
  const namespace = await runningHome(stage, ['data']);
  const stop = new AbortController();
  const hooks = ['--pre', note('freeze'), '--post', `true 'it'; ${note('thaw')}`, '--container', 'app'];
  const argv = snapshot(...hooks, '--max-freeze', '10h', '--snapshot-class', 'uncut');
  const play = stage.play(argv, { namespace, clock: hastyClock(), signal: stop.signal });
  await untilOutput(play, /data: .*driver reports/);
  stop.abort();
  assert.equal(await play.exit, 130);
  const command =
    `kubectl stash snapshot deployment/app -n ${namespace} --pre 'echo freeze >> /data/log' ` +
    `--post 'true '\\''it'\\''; echo thaw >> /data/log' --container app`;
  assert(play.context.stderr().includes(`to go on with it:\n      ${command}\n`), play.context.stderr());
  const before = await logOf(stage, namespace);
  const { name } = (await only(namespace)).metadata;
  for (const other of [[], hooks.slice(0, 4), ['--pre', 'true']]) {
    const rerun = stage.play(snapshot(...other), { namespace, clock: hastyClock() });
    assert.equal(await rerun.exit, 1, rerun.context.stderr());
    assert.equal(
      rerun.context.stderr(),
      `error: backupsession/${name} of deployment/app is unfinished, and has hooks that were given on another command line\n` +
        `hint: to go on with it, and run them:\n      ${command}\n` +
        `      to follow it:\n      kubectl stash wait ${name} -n ${namespace}\n`,
    );
  }
  assert.deepEqual(await logOf(stage, namespace), before);
  const same = stage.play(snapshot(...hooks), { namespace, clock: hastyClock() });
  assert.equal(await same.exit, 4, same.context.stderr());
  checkLog(await logOf(stage, namespace));
});

test('a rerun with hooks ends a session without hooks, and takes a snapshot in a new one', async () => {
  const namespace = await runningHome(stage, ['data']);
  const stop = new AbortController();
  const play = stage.play(snapshot('--snapshot-class', 'never'), {
    namespace,
    clock: hastyClock(),
    signal: stop.signal,
  });
  await untilOutput(play, /data: .*cut; waiting/);
  stop.abort();
  assert.equal(await play.exit, 130);
  await stage.makeReady(namespace, 'data');
  const rerun = stage.play(snapshot('--snapshot-class', 'never', ...around), {
    namespace,
    clock: hastyClock(),
  });
  await untilOutput(rerun, /beginning another/, /data: .*cut; waiting/);
  await stage.makeReady(namespace, 'data');
  assert.equal(await rerun.exit, 0, rerun.context.stderr());
  assert.match(rerun.context.stderr(), /had no such hooks; beginning another/);
  const sessions = await stage.all(backupSessions, namespace);
  assert.deepEqual(
    sessions.map(({ metadata, status }) => [status?.phase, annotation.hooks in (metadata.annotations ?? {})]),
    // The history limit has deleted the first session.
    [['Succeeded', true]],
  );
  assert.deepEqual(await logOf(stage, namespace), ['freeze', 'thaw']);
  assert.equal((await stage.all(volumeSnapshots, namespace)).length, 2);
});
