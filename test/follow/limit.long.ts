/** `--timeout` limits a command whichever executor carries the session out; `--fail-fast` works or is refused. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import {
  backupConfigurations,
  backupSessions,
  restoreSessions,
  volumeSnapshotClasses,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { formatHolder } from '#src/domain/session/holder.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { startSandboxServer } from '#test/e2e/server.ts';
import type { Ran } from '#test/e2e/plugin.ts';
import { snapshotClass } from '#test/support/classes.ts';

import { executors, nothingCreated, openScene, snapshotted, type Scene } from './scene.ts';

const server = await startSandboxServer();

/** A command with a fast clock on a loaded machine ends so much later at most; a session has ten minutes. */
const lateByMs = 4 * 60_000;
const hangs = { appscode: { job: 'hangs' }, times: 30 } as const;

async function inTime(scene: Scene, line: string, limitMs: number): Promise<Ran> {
  const began = scene.stage.clock.now().getTime();
  const ran = await scene.stash(line);
  const took = scene.stage.clock.now().getTime() - began;
  assert.ok(took < limitMs + lateByMs, `${line} took ${took} ms\n${ran.stderr}`);
  return ran;
}

async function onlySession({ place }: Scene) {
  const [session, ...more] = await place.list(backupSessions);
  assert.ok(session && more.length === 0);
  return session;
}

suite('a limit', { concurrency: 8 }, () => {
  for (const command of ['snapshot deploy/demo', 'trigger deploy-demo']) {
    test(`ends ${command} in time, and the session goes on`, async (t) => {
      const scene = await openScene(t, server, hangs);
      if (command.startsWith('trigger')) await scene.configured('Ready');
      const ran = await inTime(scene, `${command} --timeout 2m`, 120_000);
      assert.equal(ran.code, 5, ran.stderr);
      const { metadata } = await onlySession(scene);
      const { name, namespace = '' } = metadata;
      assert.match(
        ran.stderr,
        new RegExp(`following backupsession/${name} after 2m; the session goes on: .*job stash-vs-${name} `),
      );
      assert.match(ran.stderr, new RegExp(`\n +kubectl stash wait ${name} -n ${namespace}\n`));
      assert.doesNotMatch(ran.stderr, /to go on with it/);
      assert.equal(isFinal(await onlySession(scene)), false);

      const waited = await inTime(scene, `wait ${name} -n ${namespace} --timeout 2m`, 120_000);
      assert.equal(waited.code, 5, waited.stderr);
      assert.match(waited.stderr, new RegExp(`stopped following backupsession/${name} after 2m`));
    });
  }

  test('ends a restore in time, and is written to its session', async (t) => {
    const scene = await snapshotted(await openScene(t, server, { times: 30 }));
    const ran = await inTime(
      scene,
      'restore deploy/demo --suffix -2 --timeout 15s --executor=operator',
      15_000,
    );
    assert.equal(ran.code, 5, ran.stderr);
    const [session] = await scene.place.list(restoreSessions);
    const { name = '', namespace = '' } = session?.metadata ?? {};
    assert.match(ran.stderr, new RegExp(`no operator has taken restoresession/${name} within 15s`));
    assert.match(ran.stderr, /to go on with it:\n +kubectl stash restore deployment\/demo .*--suffix -2/);
    assert.match(ran.stderr, new RegExp(`\n +kubectl stash wait ${name} -n ${namespace}\n`));
    assert.equal(session?.spec.timeOut, '15s');
  });

  test('is not written to a configuration, neither an existing one nor one that the command creates', async (t) => {
    const scene = await openScene(t, server, hangs);
    await scene.stash('snapshot deploy/demo --timeout 15s');
    const [made] = await scene.place.list(backupConfigurations);
    assert.ok(made);
    assert.equal(made.spec.timeOut, undefined);
  });

  test('counts while a configuration is not Ready: no session begins', async (t) => {
    const configuration = { phase: 'NotReady', message: 'deployment "demo" is not there' } as const;
    const scene = await openScene(t, server, { appscode: { configuration }, times: 30 });
    const ran = await inTime(scene, 'snapshot deploy/demo --timeout 15s', 15_000);
    assert.equal(ran.code, 5, ran.stderr);
    assert.match(
      ran.stderr,
      /stopped after 15s, before a session began: backupconfiguration\/deploy-demo is not Ready: deployment "demo" is not there/,
    );
    assert.deepEqual(await scene.place.list(backupSessions), []);
    const left = await inTime(scene, 'snapshot deploy/demo --timeout 15s --wait=false', 15_000);
    assert.equal(left.code, 5, left.stderr);
  });

  test('counts while the command waits to see whether an operator answers', async (t) => {
    const scene = await openScene(t, server, { times: 10 });
    const ran = await inTime(scene, 'snapshot deploy/demo --timeout 1s', 1_000);
    assert.equal(ran.code, 5, ran.stderr);
    assert.match(
      ran.stderr,
      /stopped after 1s, before a session began: no operator has looked at backupconfiguration\/deploy-demo yet/,
    );
  });

  test('counts while the command waits for an operator that is gone', async (t) => {
    const scene = await openScene(t, server, { times: 30 });
    await scene.configured('Ready');
    const ran = await inTime(scene, 'snapshot deploy/demo --timeout 5s', 5_000);
    assert.equal(ran.code, 5, ran.stderr);
    assert.match(ran.stderr, /no operator has taken backupsession\/deploy-demo-\d+ within 5s/);
    assert.match(ran.stderr, /to go on with it:\n +kubectl stash snapshot deployment\/demo -n /);
  });

  test("is the deadline of a session that the command carries out, counted from the command's start", async (t) => {
    const scene = await openScene(t, server, { times: 30 });
    const began = scene.stage.clock.now().getTime();
    const ran = await scene.stash('snapshot deploy/demo --timeout 10m');
    assert.equal(ran.code, 0, ran.stderr);
    const { status, metadata } = await onlySession(scene);
    const deadline = Date.parse(status?.sessionDeadline ?? '');
    // The command waited two seconds for an operator before it began the session.
    assert.ok(deadline < Date.parse(metadata.creationTimestamp) + 10 * 60_000 + 1_000);
    assert.ok(deadline >= began + 10 * 60_000);
  });

  test('ends following a session that another command carries out, however late its deadline', async (t) => {
    const scene = await openScene(t, server, { times: 30 });
    const begun = await begunByAnother(scene);
    const ran = await inTime(scene, 'snapshot deploy/demo --timeout 5s', 5_000);
    assert.equal(ran.code, 5, ran.stderr);
    assert.match(
      ran.stderr,
      new RegExp(`stopped following backupsession/${begun} after 5s; the session goes on`),
    );
  });

  test('makes a command that has taken a session over release it unfinished', async (t) => {
    const scene = await openScene(t, server, { times: 30 });
    const neverReady = `never-ready-${scene.place.namespace}`;
    const built = snapshotClass(neverReady, server.driver ?? '', { fault: 'never-ready' });
    await scene.place.create(volumeSnapshotClasses, built);
    const begun = await begunByAnother(scene);
    const line = `snapshot deploy/demo --snapshot-class ${neverReady} --timeout 45s`;
    const ran = await inTime(scene, line, 45_000);
    assert.equal(ran.code, 5, ran.stderr);
    assert.match(
      ran.stderr,
      new RegExp(`stopped running backupsession/${begun} after 45s, and it is not done`),
    );
    assert.match(ran.stderr, /to go on with it:\n +kubectl stash snapshot deployment\/demo -n /);
    const session = await onlySession(scene);
    assert.equal(isFinal(session), false);
    assert.equal(session.metadata.annotations?.[annotation.executor] ?? '', '');
  });
});

suite('--fail-fast', { concurrency: 8 }, () => {
  test("is refused before the first write where AppsCode's operator carries the session out", async (t) => {
    const scene = await openScene(t, server, { appscode: {} });
    const ran = await scene.stash('snapshot deploy/demo --fail-fast');
    assert.equal(ran.code, 1, ran.stderr);
    assert.match(ran.stderr, /--fail-fast is not supported\nhint: leave out --fail-fast/);
    await nothingCreated(scene);
  });

  for (const clash of ['--executor=operator', '--wait=false']) {
    test(`excludes ${clash}`, async (t) => {
      const scene = await openScene(t, server);
      const ran = await scene.stash(`snapshot deploy/demo --fail-fast ${clash}`);
      assert.equal(ran.code, 2, ran.stderr);
      assert.match(ran.stderr, new RegExp(`--fail-fast and ${clash} are mutually exclusive`));
      await nothingCreated(scene);
    });
  }

  test('makes the command carry the session out where our operator would', async (t) => {
    const scene = await openScene(t, server, { own: {} });
    const ran = await scene.stash('snapshot deploy/demo --fail-fast');
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(
      ran.stderr,
      /running backupsession\/deploy-demo-\d+ from here: an operator does not fail fast/,
    );
    assert.match((await executors(scene))[0] ?? '', /^cli-/);
  });

  test('is refused for a session that an operator has begun', async (t) => {
    const scene = await openScene(t, server, { times: 30 });
    await scene.configured('Ready');
    const left = await scene.stash('snapshot deploy/demo --wait=false');
    assert.equal(left.code, 0, left.stderr);
    const { metadata } = await onlySession(scene);
    const { name, namespace = '' } = metadata;
    const { cluster } = server;
    const status = { phase: 'Running' };
    await cluster.patch(backupSessions, { name, namespace }, { status }, { subresource: 'status' });
    const ran = await scene.stash('snapshot deploy/demo --fail-fast');
    assert.equal(ran.code, 1, ran.stderr);
    assert.match(
      ran.stderr,
      new RegExp(`backupsession/${name} is unfinished and an operator carries it out`),
    );
    assert.match(ran.stderr, new RegExp(`\n +kubectl stash wait ${name} -n ${namespace}\n`));
    assert.deepEqual(await scene.place.list(volumeSnapshots), []);
    assert.equal((await scene.place.list(backupSessions)).length, 1);
  });
});

/** A Running session whose deadline is an hour away, held by a command that does not renew. */
async function begunByAnother(scene: Scene): Promise<string> {
  const { stage, place } = scene;
  const { namespace } = place;
  await scene.configured('Ready');
  const left = await scene.stash('snapshot deploy/demo --wait=false');
  assert.equal(left.code, 0, left.stderr);
  const { metadata } = await onlySession(scene);
  const { name } = metadata;
  const annotations = { [annotation.executor]: formatHolder({ id: 'cli-another', counter: 0 }) };
  await server.cluster.patch(backupSessions, { name, namespace }, { metadata: { annotations } });
  const sessionDeadline = new Date(stage.clock.now().getTime() + 3_600_000).toISOString();
  await server.cluster.patch(
    backupSessions,
    { name, namespace },
    { status: { phase: 'Running', sessionDeadline } },
    { subresource: 'status' },
  );
  return name;
}
