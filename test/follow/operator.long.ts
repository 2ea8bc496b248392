/** Who carries a session out: our operator, or the command. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { restoreSessions, volumeSnapshots } from '#src/api/resources.ts';
import { startSandboxServer } from '#test/e2e/server.ts';
import { ownId } from '#test/operator-player/own.ts';

import { executors, nothingCreated, openScene, snapshotted } from './scene.ts';

const server = await startSandboxServer();

suite('our operator', { concurrency: 8 }, () => {
  test('is seen by its status, and carries the session out', async (t) => {
    const scene = await openScene(t, server, { own: {} });
    const ran = await scene.stash('snapshot deploy/demo');
    assert.equal(ran.code, 0, ran.stderr);
    assert.deepEqual(await executors(scene), [ownId]);
    assert.doesNotMatch(ran.stderr, /from here/);
    const left = await scene.stash('snapshot deploy/demo --wait=false');
    assert.equal(left.code, 0, left.stderr);
  });

  test('that takes the session late, but first, carries it out', async (t) => {
    const scene = await openScene(t, server, { own: { takesAfterMs: 2_000 } });
    const ran = await scene.stash('snapshot deploy/demo');
    assert.equal(ran.code, 0, ran.stderr);
    assert.deepEqual(await executors(scene), [ownId]);
    assert.equal((await scene.place.list(volumeSnapshots)).length, 1);
  });

  test('that is gone: the command carries the session out after ten seconds', async (t) => {
    const scene = await openScene(t, server, { times: 30 });
    await scene.configured('Ready');
    const ran = await scene.stash('snapshot deploy/demo');
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stderr, /no operator has taken backupsession\/deploy-demo-\d+: running it from here/);
    assert.match((await executors(scene))[0] ?? '', /^cli-/);
  });

  test('that dies while it holds a session: the command takes it over', async (t) => {
    const scene = await openScene(t, server, { own: { dies: true }, times: 30 });
    await scene.configured('Ready');
    const ran = await scene.stash('snapshot deploy/demo');
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stderr, new RegExp(`${ownId} has shown no sign of life; taking deploy-demo-\\d+ over`));
    assert.match((await executors(scene))[0] ?? '', /^cli-/);
    assert.equal((await scene.place.list(volumeSnapshots)).length, 1);
  });

  test('that is not running: --wait=false is refused, and leaves nothing', async (t) => {
    const scene = await openScene(t, server, { times: 30 });
    const ran = await scene.stash('snapshot deploy/demo --wait=false');
    assert.equal(ran.code, 1, ran.stderr);
    assert.match(ran.stderr, /--wait=false needs an operator/);
    await nothingCreated(scene);
    const taken = await scene.stash('snapshot deploy/demo');
    assert.equal(taken.code, 0, taken.stderr);
    assert.match(taken.stderr, /no operator found in namespace .*: running the session from here/);
  });

  test('that --executor=operator asks for: the command waits for it until the deadline', async (t) => {
    const scene = await openScene(t, server, { times: 300 });
    const ran = await scene.stash('snapshot deploy/demo --executor=operator');
    assert.equal(ran.code, 5, ran.stderr);
    assert.match(ran.stderr, /its deadline has passed and no executor has taken the session/);
    assert.deepEqual(await scene.place.list(volumeSnapshots), []);
  });

  test('restores, or the command does where no operator answers', async (t) => {
    const scene = await snapshotted(await openScene(t, server, { own: {} }));
    const ran = await scene.stash('restore deploy/demo --suffix -2');
    assert.equal(ran.code, 0, ran.stderr);
    const [session] = await scene.place.list(restoreSessions);
    assert.match(session?.metadata.annotations?.['stash.appscode.com/executor'] ?? '', new RegExp(ownId));

    const alone = await snapshotted(await openScene(t, server, { times: 30 }));
    const done = await alone.stash('restore deploy/demo --suffix -2');
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stderr, /no operator found in namespace/);
  });
});
