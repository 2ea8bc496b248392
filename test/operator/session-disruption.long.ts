/** What disturbs a session that has quiesced its application: every way ends with a thaw, and an end. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { backupConfigurations, backupSessions, jobs, volumeSnapshots } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { reconcilers } from '#src/operator/reconcilers.ts';
import { withClass } from '#test/session/app-objects.ts';
import { checkLog, logOf, note, runningHome } from '#test/session/hooked.ts';

import { eventually } from './eventually.ts';
import { openSessionStage } from './session-stage.ts';

const place = await openSessionStage(1);
const { stage } = place;
const { cluster } = stage.sandbox;
after(() => place[Symbol.asyncDispose]());

await stage.snapshotClass('uncut', { cutDelay: '20s' });
await stage.snapshotClass('slow', { delay: '1s' });

const shell = (word: string) => ({ exec: { command: ['/bin/sh', '-c', note(word)] }, containerName: 'app' });

function freezing(snapshotClassName: string): Partial<BackupConfiguration['spec']> {
  return {
    hooks: { preBackup: shell('freeze'), postBackup: shell('thaw') },
    ...withClass(snapshotClassName),
    runtimeSettings: {},
  };
}

const quiesced = (home: string) => eventually(async () => (await logOf(stage, home)).includes('freeze'));

test('a configuration that is deleted goes once its session has ended, thawed', async () => {
  await using operator = await place.operator({ runSessions: 'in-jobs', reconcilers });
  const home = await runningHome(stage, ['data']);
  await place.configuration(home, freezing('uncut'), null);
  await place.session(home, 's1');
  await quiesced(home);
  const at = { name: 'deploy-app', namespace: home };
  const seen: string[] = [];
  const watching = new AbortController();
  const watched = (async () => {
    for await (const event of cluster.watch(backupSessions, { namespace: home }, watching.signal)) {
      if (event.type !== 'changed') continue;
      const message = event.object.status?.conditions?.find(
        ({ type }) => type === 'BackupDisrupted',
      )?.message;
      if (message !== undefined) seen.push(message);
    }
  })();
  await cluster.delete(backupConfigurations, at);
  await stage.until(backupConfigurations, home, (all) => all.length === 0);
  checkLog(await logOf(stage, home));
  watching.abort();
  await watched;
  assert.equal(seen[0], 'backupconfiguration/deploy-app is being deleted');
  await operator.stop();
});

test('a Job that is deleted in the middle leaves nothing quiesced', async () => {
  await using operator = await place.operator({ runSessions: 'in-jobs', reconcilers });
  const home = await runningHome(stage, ['data']);
  await place.configuration(home, freezing('uncut'), null);
  await place.session(home, 's1');
  await quiesced(home);
  await cluster.delete(jobs, { name: 'stash-vs-s1', namespace: home }, { propagation: 'Background' });
  const { status } = await place.ended(home, 's1');
  assert.equal(status?.phase, 'Failed');
  checkLog(await logOf(stage, home));
  await operator.stop();
});

test('hooks of the command line are not run by the operator, and its session is ended', async () => {
  await using operator = await place.operator({ runSessions: 'in-process' });
  const home = await runningHome(stage, ['data']);
  await place.configuration(home);
  await place.session(home, 's1', {
    metadata: {
      annotations: {
        'stash.appscode.com/executor': '',
        'stash.appscode.com/hooks': JSON.stringify({ preBackup: shell('freeze'), postBackup: shell('thaw') }),
      },
    },
  });
  const { status } = await place.ended(home, 's1');
  assert.equal(status?.phase, 'Failed');
  assert.deepEqual(await logOf(stage, home), []);
  assert.deepEqual(await stage.all(volumeSnapshots, home), []);
  await operator.stop();
});

test('an operator that stops gives its sessions back, and the next goes on with them at once', async () => {
  const first = await place.operator({ runSessions: 'in-process' });
  const home = await runningHome(stage, ['data']);
  await place.configuration(home, freezing('slow'));
  await place.session(home, 's1');
  await quiesced(home);
  await first.stop();
  const [left] = await stage.all(backupSessions, home);
  assert.equal(left?.metadata.annotations?.['stash.appscode.com/executor'], '');
  checkLog(await logOf(stage, home));
  await using second = await place.operator({ runSessions: 'in-process' });
  await place.ended(home, 's1');
  checkLog(await logOf(stage, home));
  assert.equal((await stage.all(volumeSnapshots, home)).length <= 1, true);
  await second.stop();
});
