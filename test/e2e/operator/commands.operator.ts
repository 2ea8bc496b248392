/**
 * The command line on a cluster with our operator: it leaves the session to the operator and follows it to
 * the end.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { backupConfigurations, backupSessions, cronJobs, jobs, volumeSnapshots } from '#src/api/resources.ts';

import { createWorkload, name, openHome, shell } from './home.ts';
import { rarely } from './manifests.ts';
import { startOperatorServer } from './operator-server.ts';
import { openPlace } from '#test/e2e/place.ts';

const server = await startOperatorServer();

await suite('commands', { concurrency: 6 }, () => {
  test('trigger follows session, Job, pod and snapshot to the end', async (t) => {
    const place = await openHome(t, server);
    const { stdout, stderr } = await place.succeeds(`trigger ${name}`);
    const [session] = await place.list(backupSessions);
    const [job] = await place.list(jobs);
    assert(session && job);
    assert.equal(session.status?.phase, 'Succeeded');
    assert.equal(job.metadata.ownerReferences?.[0]?.uid, session.metadata.uid);
    assert.match(stderr, new RegExp(`job ${job.metadata.name} runs in pod ${job.metadata.name}-\\w+`));
    assert.match(stdout + stderr, new RegExp(`backupsession/${session.metadata.name}`));
    assert.match(stderr, /^backupsession\/\S+: data: Ready \(1Gi\)$/m);
  });

  test('trigger exits with 4 if the session fails, and says why', async (t) => {
    const place = await openHome(t, server, {
      spec: { hooks: { preBackup: shell('echo the database is busy >&2; exit 3') } },
    });
    const { code, stdout, stderr } = await place.stash(`trigger ${name}`);
    assert.equal(code, 4);
    assert.match(stdout + stderr, /the database is busy/);
  });

  test('snapshot leaves the session to the operator', async (t) => {
    const place = await openHome(t, server);
    await place.succeeds('snapshot deploy/stash-demo');
    const [session] = await place.list(backupSessions);
    assert.equal(session?.spec.invoker.name, name);
    assert.equal(session.status?.phase, 'Succeeded');
    assert.equal((await place.list(jobs)).length, 1);
    assert.equal((await place.list(volumeSnapshots)).length, 1);
  });

  test('snapshot of a target without a configuration: the operator makes one Ready first', async (t) => {
    const place = await openHome(t, server);
    await place.remove(backupConfigurations, name);
    await place.succeeds('snapshot deploy/stash-demo');
    const [configuration] = await place.list(backupConfigurations);
    assert.deepEqual([configuration?.spec.paused, configuration?.status?.phase], [true, 'Ready']);
    assert.equal((await place.list(backupSessions))[0]?.status?.phase, 'Succeeded');
    assert.equal((await place.list(cronJobs))[0]?.spec.suspend, true);
  });

  test('the operator ignores a session with --executor=local', async (t) => {
    const place = await openHome(t, server);
    await place.succeeds('snapshot deploy/stash-demo --executor=local');
    const [session] = await place.list(backupSessions);
    assert.equal(session?.status?.phase, 'Succeeded');
    assert.deepEqual(await place.list(jobs), []);
    assert.equal((await place.list(volumeSnapshots)).length, 1);
  });

  test('schedule creates a configuration that becomes Ready, and the operator creates its CronJob', async (t) => {
    const place = await openPlace(t, server);
    await createWorkload(place);
    await place.remove(backupConfigurations, name);
    const line = ['schedule', 'deploy/stash-demo', '--cron', rarely, '--keep-last', '2'];
    const { stdout } = await place.succeeds(line);
    assert.match(stdout, /deploy-stash-demo created/);
    const [configuration] = await place.list(backupConfigurations);
    assert.equal(configuration?.status?.phase, 'Ready');
    assert.deepEqual(
      [configuration.spec.retentionPolicy.keepLast, configuration.spec.retentionPolicy.prune],
      [2, true],
    );
    const [cronJob] = await place.list(cronJobs);
    assert.deepEqual([cronJob?.spec.schedule, cronJob?.spec.suspend ?? false], [rarely, false]);
    for (let round = 0; round < 3; round += 1) await place.succeeds('trigger deploy-stash-demo');
    await place.until(volumeSnapshots, (all) => all.length === 2);
  });
});
