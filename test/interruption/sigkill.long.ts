/** The program is killed with SIGKILL in the middle of a session; the same command, run again, completes it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import {
  backupSessions,
  persistentVolumeClaims,
  restoreSessions,
  storageClasses,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { fastClock, hastyClock } from '#test/session/clocks.ts';
import { openStage, type Stage } from '#test/session/stage.ts';

const program = join(import.meta.dirname, '..', '..', 'cmd', 'kubectl-stash.ts');
const claims = ['data', 'logs', 'www'];

let stage: Stage;
before(async () => {
  stage = await openStage();
  await stage.snapshotClass('stuck', { fault: 'never-ready' });
  await stage.storageClass('stuck', { fault: 'never-ready' });
});
after(() => stage.stop());

/** Runs the program until its stderr contains `sign`, then kills it. */
async function kill(argv: string, namespace: string, sign: RegExp): Promise<void> {
  const args = [program, ...argv.split(' '), '--kubeconfig', stage.sandbox.kubeconfig, '-n', namespace];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text;
    if (sign.test(told)) child.kill('SIGKILL');
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL', told);
}

test('a snapshot', { timeout: 60_000 }, async () => {
  const namespace = await stage.home(claims);
  const argv = 'snapshot deploy/app --snapshot-class stuck --timeout 10h';
  await kill(`${argv} --executor local`, namespace, /Running/);
  const [left, ...others] = await stage.all(backupSessions, namespace);
  assert.deepEqual([left?.status?.phase, others], ['Running', []]);

  await stage.makeReady(namespace, ...claims);
  const { exit, context } = stage.play(argv, { namespace, clock: fastClock() });
  assert.equal(await exit, 0, context.stderr());
  const sessions = await stage.all(backupSessions, namespace);
  assert.deepEqual(
    sessions.map(({ metadata, status }) => [metadata.uid, status?.phase]),
    [[left?.metadata.uid, 'Succeeded']],
  );
  assert.deepEqual(
    (await stage.all(volumeSnapshots, namespace)).map(({ spec }) => spec.source.persistentVolumeClaimName),
    claims,
  );
});

test('a restore', { timeout: 60_000 }, async () => {
  const namespace = await stage.home(claims);
  const taken = stage.play('snapshot deploy/app', { namespace, clock: hastyClock() });
  assert.equal(await taken.exit, 0, taken.context.stderr());
  await stage.loseClaims(namespace, ...claims);

  const argv = 'restore deploy/app --storage-class stuck --timeout 10h';
  await kill(`${argv} --executor local`, namespace, /Running/);
  const [left, ...others] = await stage.all(restoreSessions, namespace);
  assert.deepEqual([left?.status?.phase, others], ['Running', []]);

  await stage.cluster.delete(storageClasses, { name: 'stuck' });
  await stage.storageClass('stuck', {});
  const { exit, context } = stage.play(argv, { namespace, clock: fastClock() });
  assert.equal(await exit, 0, context.stderr());
  const sessions = await stage.all(restoreSessions, namespace);
  assert.deepEqual(
    sessions.map(({ metadata, status }) => [metadata.uid, status?.phase]),
    [[left?.metadata.uid, 'Succeeded']],
  );
  assert.deepEqual(
    (await stage.all(persistentVolumeClaims, namespace)).map(({ metadata, status }) => [
      metadata.name,
      status?.phase,
    ]),
    claims.map((name) => [name, 'Bound']),
  );
});
