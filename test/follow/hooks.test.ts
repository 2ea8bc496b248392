/** Hooks that are given on the command line, on a cluster with an operator. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { backupConfigurations, backupSessions, volumeSnapshots } from '#src/api/resources.ts';
import { annotation } from '#src/api/labels.ts';
import { startSandboxServer } from '#test/e2e/server.ts';
import { writeStatus } from '#test/operator-player/play.ts';

import { executors, nothingCreated, openScene } from './scene.ts';

const server = await startSandboxServer();

suite('hooks of the command line', { concurrency: 8 }, () => {
  test('are run by the command, even beside an operator', async (t) => {
    const scene = await openScene(t, server, { own: {}, hooksAndDeletions: true });
    const ran = await scene.stash('snapshot deploy/demo --pre sync --post sync');
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stderr, /running backupsession\/deploy-demo-\d+ from here: no operator runs its hooks/);
    assert.match((await executors(scene))[0] ?? '', /^cli-/);
    const [session] = await scene.place.list(backupSessions);
    const hooks: unknown = JSON.parse(session?.metadata.annotations?.[annotation.hooks] ?? '');
    const inShell = { exec: { command: ['/bin/sh', '-c', 'sync'] } };
    assert.deepEqual(hooks, {
      preBackup: inShell,
      postBackup: { ...inShell, executionPolicy: 'Always' },
    });
    assert.equal((await scene.place.list(volumeSnapshots)).length, 1);
  });

  test("are refused beside AppsCode's operator, before anything is written", async (t) => {
    const scene = await openScene(t, server, { appscode: 'absent' });
    const ran = await scene.stash('snapshot deploy/demo --pre sync');
    assert.equal(ran.code, 1);
    assert.match(ran.stderr, /AppsCode's operator does not run hooks that are given on the command line/);
    await nothingCreated(scene);
  });
});

suite('a configuration of our operator', { concurrency: 8 }, () => {
  test('that is invalid: no session is created, as it would be skipped', async (t) => {
    const scene = await openScene(t, server);
    await scene.configured('NotReady');
    const [configuration] = await scene.place.list(backupConfigurations);
    assert(configuration);
    await writeStatus(scene.stage, backupConfigurations, configuration, {
      phase: 'Invalid',
      conditions: [
        {
          type: 'ValidationPassed',
          status: 'False',
          message: 'the schedule is none',
          lastTransitionTime: '2026-03-14T03:00:00Z',
        },
      ],
    });
    const ran = await scene.stash('snapshot deploy/demo');
    assert.equal(ran.code, 1, ran.stderr);
    assert.match(ran.stderr, /backupconfiguration\/deploy-demo is invalid: the schedule is none/);
    assert.deepEqual(await scene.place.list(backupSessions), []);
  });

  test('that does not become Ready: the command waits ten seconds', async (t) => {
    const scene = await openScene(t, server, { times: 30 });
    await scene.configured('NotReady');
    const ran = await scene.stash('snapshot deploy/demo');
    assert.equal(ran.code, 5, ran.stderr);
    assert.match(ran.stderr, /backupconfiguration\/deploy-demo was not Ready after 10s/);
    assert.deepEqual(await scene.place.list(backupSessions), []);
  });
});
