/** Hooks around a restore. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { Condition, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims, restoreSessions, volumeSnapshots } from '#src/api/resources.ts';
import type { PostHook, RestoreSession } from '#src/api/stash.ts';
import { claimFrom } from '#test/support/claim-from.ts';

import { appRef } from './app-objects.ts';
import { hastyClock } from './clocks.ts';
import { logOf, note, runningHome } from './hooked.ts';
import { openStage, untilOutput, type Play, type Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
  await stage.storageClass('never', { fault: 'never-ready' });
});
after(() => stage.stop());

const shell = (command: string) => ({ exec: { command: ['/bin/sh', '-c', command] } });

interface Given {
  readonly pre: string;
  readonly post: string;
  readonly policy?: PostHook['executionPolicy'];
  readonly storageClass?: string;
}

/** A RestoreSession from a file, beside a running workload. */
async function restore(
  { pre, post, policy, storageClass = 'sandbox' }: Given,
  signal?: AbortSignal,
): Promise<{ namespace: string; play: Play; again: () => Play }> {
  const namespace = await runningHome(stage, ['data']);
  const taken = stage.play('snapshot deploy/app', { namespace, clock: hastyClock() });
  assert.equal(await taken.exit, 0, taken.context.stderr());
  const [snapshot] = await stage.all(volumeSnapshots, namespace);
  const session: RestoreSession = {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: { name: 'back', namespace },
    spec: {
      driver: 'VolumeSnapshotter',
      hooks: {
        preRestore: shell(pre),
        postRestore: { ...shell(post), ...(policy && { executionPolicy: policy }) },
      },
      target: {
        ref: appRef,
        volumeClaimTemplates: [claimFrom(snapshot?.metadata.name ?? '', 'data-back', storageClass)],
      },
    },
  };
  const again = (more?: AbortSignal) =>
    stage.play('restore -f - --executor=local', {
      stdin: JSON.stringify(session),
      namespace,
      clock: hastyClock(),
      ...(more && { signal: more }),
    });
  return { namespace, play: again(signal), again };
}

async function only(namespace: string): Promise<Stored<RestoreSession>> {
  const [session, second] = await stage.all(restoreSessions, namespace);
  assert(session && !second);
  return session;
}

const brief = (conditions: readonly Condition[] = []) =>
  conditions.map(({ type, status, reason }) => `${type} ${status} ${reason ?? ''}`);

test('runs preRestore before it creates the claims, postRestore after they are bound', async () => {
  const { namespace, play } = await restore({ pre: note('stop'), post: note('go') });
  assert.equal(await play.exit, 0, play.context.stderr());
  assert.deepEqual(await logOf(stage, namespace), ['stop', 'go']);
  const { status } = await only(namespace);
  assert.equal(status?.phase, 'Succeeded');
  assert.deepEqual(brief(status.conditions), [
    'PreRestoreHookExecutionSucceeded True SuccessfullyExecutedPreRestoreHook',
    'PostRestoreHookExecutionSucceeded True SuccessfullyExecutedPostRestoreHook',
    'RestoreCompleted True PostRestoreTasksExecuted',
  ]);
});

test('a preRestore hook fails: no claim is created', async () => {
  const { namespace, play } = await restore({ pre: 'echo not now; exit 1', post: note('go') });
  assert.equal(await play.exit, 4);
  assert.match(
    play.context.stderr(),
    /failed: preRestore hook failed in pod app-\S+ \(container app\): exit code 1: not now/,
  );
  assert.deepEqual(await logOf(stage, namespace), ['go']);
  const claims = await stage.all(persistentVolumeClaims, namespace);
  assert.deepEqual(
    claims.map(({ metadata }) => metadata.name),
    ['data'],
  );
  assert.equal((await only(namespace)).status?.phase, 'Failed');
});

test('a postRestore hook fails: the claims exist, the session has failed', async () => {
  const { namespace, play } = await restore({ pre: 'true', post: 'exit 2', policy: 'OnSuccess' });
  assert.equal(await play.exit, 4);
  assert.match(play.context.stderr(), /postRestore hook failed/);
  const { status } = await only(namespace);
  assert.equal(status?.phase, 'Failed');
  assert.deepEqual(
    status.stats?.map(({ hostname, phase }) => [hostname, phase]),
    [['data-back', 'Succeeded']],
  );
  assert.deepEqual(brief(status.conditions).slice(1), [
    'PostRestoreHookExecutionSucceeded False FailedToExecutePostRestoreHook',
    'RestoreCompleted False PostRestoreTasksNotExecuted',
  ]);
});

test('Ctrl-C resumes the application, and a rerun begins with the preRestore hook', async () => {
  const stop = new AbortController();
  const given = { pre: note('stop'), post: note('go'), storageClass: 'never' };
  const { namespace, play, again } = await restore(given, stop.signal);
  await untilOutput(play, /data-back: Running/);
  stop.abort();
  assert.equal(await play.exit, 130, play.context.stderr());
  assert.deepEqual(await logOf(stage, namespace), ['stop', 'go']);
  assert.deepEqual(brief((await only(namespace)).status?.conditions), []);
  const rerun = again();
  await untilOutput(rerun, /data-back: Running/);
  assert.deepEqual(await logOf(stage, namespace), ['stop', 'go']);
});
