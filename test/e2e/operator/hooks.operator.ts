/** Hooks of a BackupConfiguration: the Job that takes the snapshot runs them before and after it. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { volumeSnapshots } from '#src/api/resources.ts';

import { freePort, requestsTo, listening } from './listening.ts';
import { beginSession, openHome, shell, untilEnded } from './home.ts';
import { startOperatorServer } from './operator-server.ts';
import { assertConditions, testReached } from './reached.ts';

const server = await startOperatorServer();

const ensured = 'BackupExecutorEnsured True SuccessfullyEnsuredBackupExecutor';
const preRan = 'PreBackupHookExecutionSucceeded True SuccessfullyExecutedPreBackupHook';
const preFailed = 'PreBackupHookExecutionSucceeded False FailedToExecutePreBackupHook';
const postRan = 'PostBackupHookExecutionSucceeded True SuccessfullyExecutedPostBackupHook';
const postFailed = 'PostBackupHookExecutionSucceeded False FailedToExecutePostBackupHook';

const note = (what: string) => shell(`echo ${what} >> /source/data/hooks`);

await suite('hooks', { concurrency: 6 }, () => {
  test('exec: both hooks run, before and after the snapshot', async (t) => {
    const place = await openHome(t, server, {
      spec: { hooks: { preBackup: note('freeze'), postBackup: note('thaw') } },
    });
    await beginSession(place, 'with-hooks');
    const { status } = await untilEnded(place, 'with-hooks');
    assert.equal(status?.phase, 'Succeeded');
    assertConditions(status.targets?.[0]?.conditions, ensured, postRan, preRan);
    const [pod = ''] = await place.running('stash-demo');
    assert.equal(await place.sh(pod, 'cat /source/data/hooks'), 'freeze\nthaw');
  });

  test('if preBackup fails, no snapshot is taken, and postBackup still runs', async (t) => {
    const place = await openHome(t, server, {
      spec: {
        hooks: { preBackup: shell('echo the database is busy >&2; exit 3'), postBackup: note('thaw') },
      },
    });
    await beginSession(place, 'refused');
    const { status } = await untilEnded(place, 'refused');
    assert.equal(status?.phase, 'Failed');
    assertConditions(status.targets?.[0]?.conditions, ensured, postRan, preFailed);
    assert.match(JSON.stringify(status), /the database is busy/);
    assert.deepEqual(await place.list(volumeSnapshots), []);
    const [pod = ''] = await place.running('stash-demo');
    assert.equal(await place.sh(pod, 'cat /source/data/hooks'), 'thaw');
  });

  test('if postBackup fails, the session fails and the snapshot stays', async (t) => {
    const place = await openHome(t, server, { spec: { hooks: { postBackup: shell('exit 4') } } });
    await beginSession(place, 'untidy');
    const { status } = await untilEnded(place, 'untidy');
    assert.equal(status?.phase, 'Failed');
    assertConditions(status.targets?.[0]?.conditions, ensured, postFailed);
    assert.equal((await place.list(volumeSnapshots))[0]?.status?.readyToUse, true);
  });

  test('httpGet and httpPost reach the application', async (t) => {
    const port = await freePort();
    const hooks = {
      preBackup: { httpPost: { port, path: '/cgi-bin/freeze', scheme: 'HTTP', body: 'now' } },
      postBackup: { httpGet: { port, path: '/cgi-bin/thaw', scheme: 'HTTP' } },
    };
    const place = await openHome(t, server, { spec: { hooks } }, listening(port));
    await beginSession(place, 'asked');
    const { status } = await untilEnded(place, 'asked');
    assertConditions(status?.targets?.[0]?.conditions, ensured, postRan, preRan);
    assert.equal(status?.phase, 'Succeeded');
    assert.deepEqual(await requestsTo(place), ['POST /cgi-bin/freeze', 'GET /cgi-bin/thaw']);
  });

  test('an httpGet that is answered with an error fails', async (t) => {
    const port = await freePort();
    const hooks = { preBackup: { httpGet: { port, path: '/cgi-bin/freeze' } } };
    const place = await openHome(t, server, { spec: { hooks } }, listening(port, '503 Service Unavailable'));
    await beginSession(place, 'busy');
    const { status } = await untilEnded(place, 'busy');
    assertConditions(status?.targets?.[0]?.conditions, ensured, preFailed);
    assert.match(JSON.stringify(status), /HTTP 503: the database is busy/);
    assert.deepEqual(await requestsTo(place), ['GET /cgi-bin/freeze']);
    assert.deepEqual(await place.list(volumeSnapshots), []);
  });

  test('tcpSocket: a closed port and an open one', async (t) => {
    const port = await freePort();
    // No process listens on port 1.
    const hooks = { preBackup: { tcpSocket: { port: 1 } }, postBackup: { tcpSocket: { port } } };
    const place = await openHome(t, server, { spec: { hooks } }, listening(port));
    await beginSession(place, 'connected');
    const { status } = await untilEnded(place, 'connected');
    assertConditions(status?.targets?.[0]?.conditions, ensured, postRan, preFailed);
    assert.equal(status?.phase, 'Failed');
  });
});

testReached(import.meta.filename, false);
