/** An executor dies while its application is quiesced, and its successor cannot start: the operator thaws in time. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, suite, test } from 'node:test';

import { allowed, annotation, label } from '#src/api/labels.ts';
import { imageRepository } from '#src/api/operator.ts';
import {
  backupSessions,
  jobs,
  nodes,
  pods,
  restoreSessions,
  serviceAccounts,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { appRef, withClass } from '#test/session/app-objects.ts';
import { inPod, logOf, runningHome } from '#test/session/hooked.ts';
import { claimFrom } from '#test/support/claim-from.ts';

import { eventually } from './eventually.ts';
import { openSessionStage, type SessionStage } from './session-stage.ts';

/** Long enough for a slow pod to quiesce and to create its snapshot, and for the snapshot to be cut. */
const maxFreezeMs = 12_000;
const operatorOptions = { runSessions: 'in-jobs', maxFreezeMs } as const;

/** The sandbox runs hooks in the shell of this machine. */
const timed = (word: string) => ({
  exec: { command: ['/bin/sh', '-c', `echo ${word} $(date +%s) >> /data/log`] },
  containerName: 'app',
});
const hooks = { preBackup: timed('freeze'), postBackup: timed('thaw') };

function freezing(
  snapshotClassName: string,
  serviceAccountName = 'default',
): Partial<BackupConfiguration['spec']> {
  return {
    hooks,
    timeOut: '5m',
    ...withClass(snapshotClassName),
    runtimeSettings: { pod: { serviceAccountName } },
  };
}

const restoreSpec: RestoreSession['spec'] = {
  driver: 'VolumeSnapshotter',
  timeOut: '5m',
  hooks: { preRestore: timed('freeze'), postRestore: timed('thaw') },
  target: { ref: appRef, volumeClaimTemplates: [claimFrom('none', 'data-copy')] },
};

/** A session whose executor died while the application was quiesced. */
async function orphan(
  place: SessionStage,
  home: string,
  { holder, preBackup }: { holder: string; preBackup: 'ran' | 'unknown' },
): Promise<void> {
  const { stage } = place;
  await inPod(stage, home, 'echo freeze $(date +%s) >> /data/log');
  await place.session(home, 's1', {
    metadata: {
      annotations: {
        [annotation.executor]: holder,
        [annotation.quiescedSince]: new Date().toISOString(),
        [annotation.sessionClaims]: '["data"]',
      },
    },
  });
  const lastTransitionTime = new Date().toISOString();
  const ran = {
    ...{ type: 'PreBackupHookExecutionSucceeded', lastTransitionTime },
    ...({ status: 'True', reason: 'SuccessfullyExecutedPreBackupHook' } as const),
  };
  const status: BackupSession['status'] = {
    phase: 'Running',
    sessionDeadline: new Date(Date.now() + 300_000).toISOString(),
    targets: [{ phase: 'Running', conditions: preBackup === 'ran' ? [ran] : [] }],
  };
  await stage.sandbox.cluster.patch(
    backupSessions,
    { name: 's1', namespace: home },
    { status },
    { subresource: 'status' },
  );
}

/** Seconds that each freeze lasted, from the application's own log. */
async function freezes({ stage }: SessionStage, home: string): Promise<number[]> {
  const lasted: number[] = [];
  let since: number | undefined;
  for (const [word, time] of (await logOf(stage, home)).map((line) => line.split(' '))) {
    if (word === 'freeze') since = Number(time);
    else if (since !== undefined) {
      lasted.push(Number(time) - since);
      since = undefined;
    }
  }
  assert.equal(since, undefined, 'it is still quiet');
  return lasted;
}

async function assertShort(place: SessionStage, home: string): Promise<void> {
  const lasted = await freezes(place, home);
  assert.equal(lasted.length, 1);
  // The log has whole seconds.
  assert.ok((lasted[0] ?? 0) <= maxFreezeMs / 1_000 + 10, `quiet for ${lasted.join(', ')} s`);
}

async function openPlace(): Promise<SessionStage> {
  const place = await openSessionStage(1);
  await place.stage.snapshotClass('uncut', { cutDelay: '60s' });
  await place.stage.snapshotClass('cut-late', { cutDelay: '3s', delay: '5s' });
  return place;
}

/** Resolves with the pod once it has created its snapshot while the application is quiesced. */
async function busyPod({ stage }: SessionStage, home: string): Promise<string> {
  await stage.until(volumeSnapshots, home, (all) => all.length > 0);
  const [session] = await stage.all(backupSessions, home);
  const pod = session && readHolder(session)?.id;
  assert.ok(pod !== undefined);
  return pod;
}

function kill({ stage }: SessionStage, home: string, pod: string): Promise<void> {
  return stage.sandbox.cluster.delete(pods, { name: pod, namespace: home }, { gracePeriodSeconds: 0 });
}

async function untilThawed({ stage }: SessionStage, home: string): Promise<BackupSession> {
  const [session] = await stage.until(backupSessions, home, ([it]) =>
    (it?.status?.targets ?? []).some(({ conditions = [] }) =>
      conditions.some(({ type }) => type === 'PostBackupHookExecutionSucceeded'),
    ),
  );
  assert.ok(session);
  return session;
}

const place = await openPlace();
const { stage } = place;
const { cluster } = stage.sandbox;
await place.operator(operatorOptions);
after(() => place[Symbol.asyncDispose]());

/** Linux only: /proc tells which process runs a pod. */
const onLinux = { skip: process.platform !== 'linux' };
const uncut = /not cut .*the application.* resumed/;

void suite('a successor that cannot start', { concurrency: 5 }, () => {
  test('its pods are refused', onLinux, async () => {
    const home = await runningHome(stage, ['data']);
    await cluster.create(serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'stash', namespace: home, labels: { [label.jobs]: allowed } },
    });
    await place.configuration(home, freezing('uncut', 'stash'));
    await place.session(home, 's1');
    const pod = await busyPod(place, home);
    await stopProcess(pod);
    await cluster.delete(serviceAccounts, { name: 'stash', namespace: home });
    await kill(place, home, pod);
    const { status } = await place.ended(home, 's1');
    await assertShort(place, home);
    assert.equal(status?.phase, 'Failed');
    assert.match(JSON.stringify(status), uncut);
    await stage.until(jobs, home, (all) => all.length === 0);
    assert.ok(
      (await place.told(home, 'BackupSession', 's1')).some((line) =>
        line.startsWith('Warning BackupThawed: the operator thaws the application: no executor thawed'),
      ),
    );
  });

  test('the session succeeds when the snapshot was cut in time', onLinux, async () => {
    const home = await runningHome(stage, ['data']);
    await place.configuration(home, freezing('cut-late'));
    await place.session(home, 's1');
    const pod = await busyPod(place, home);
    // A Job that is suspended asks its pods to end, and a running executor would thaw.
    await stopProcess(pod);
    await cluster.patch(jobs, { name: 'stash-vs-s1', namespace: home }, { spec: { suspend: true } });
    await kill(place, home, pod);
    const { status } = await place.ended(home, 's1');
    await assertShort(place, home);
    assert.equal(status?.phase, 'Succeeded', JSON.stringify(status));
  });

  test('its node is lost: its pod remains, and is deleted later', onLinux, async () => {
    const home = await runningHome(stage, ['data']);
    await place.configuration(home, freezing('uncut'));
    await place.session(home, 's1');
    const pod = await busyPod(place, home);
    const resume = await stopProcess(pod);
    try {
      await untilThawed(place, home);
      await assertShort(place, home);
      const [left] = (await stage.all(pods, home)).filter(({ metadata }) => metadata.name === pod);
      assert.equal(left?.status?.phase, 'Running');
    } finally {
      resume();
    }
    await kill(place, home, pod);
    const { status } = await place.ended(home, 's1');
    assert.equal(status?.phase, 'Failed');
    assert.match(JSON.stringify(status), uncut);
  });

  test('no snapshot was created yet: the application is thawed, and the session continues when it can', async () => {
    const home = await runningHome(stage, ['data']);
    await place.configuration(home, freezing('cut-late'));
    await orphan(place, home, { holder: '', preBackup: 'unknown' });
    await stage.until(jobs, home, (all) => all.length > 0);
    const suspend = (is: boolean) =>
      cluster.patch(jobs, { name: 'stash-vs-s1', namespace: home }, { spec: { suspend: is } });
    await suspend(true);
    await stage.until(
      backupSessions,
      home,
      ([it]) => it?.metadata.annotations?.[annotation.quiescedSince] === undefined,
    );
    await assertShort(place, home);
    assert.deepEqual(await stage.phases(home), ['Running']);
    await suspend(false);
    const { status } = await place.ended(home, 's1');
    assert.equal(status?.phase, 'Succeeded', JSON.stringify(status));
    assert.equal((await freezes(place, home)).length, 2);
  });

  test('a restore is thawed likewise', async () => {
    const home = await runningHome(stage, ['data']);
    await inPod(stage, home, 'echo freeze $(date +%s) >> /data/log');
    const made = await place.restore(home, 'r1', restoreSpec);
    const at = { name: 'r1', namespace: home };
    await cluster.patch(restoreSessions, at, {
      metadata: {
        annotations: {
          [annotation.executor]: '',
          [annotation.quiescedSince]: new Date().toISOString(),
        },
      },
    });
    await cluster.patch(
      restoreSessions,
      at,
      { status: { phase: 'Running', sessionDeadline: new Date(Date.now() + 300_000).toISOString() } },
      { subresource: 'status' },
    );
    assert.equal(made.status, undefined);
    await stage.until(jobs, home, (all) => all.length > 0);
    await cluster.patch(jobs, { name: 'stash-restore-r1', namespace: home }, { spec: { suspend: true } });
    const { status } = await place.restored(home, 'r1');
    assert.equal(status?.phase, 'Failed');
    const [lasted = Infinity] = await freezes(place, home);
    // The operator thaws a restore only after its holder counts as dead.
    assert.ok(lasted <= 30 + 10, `quiet for ${lasted} s`);
    assert.match(JSON.stringify(status), /no executor thawed the application within 12s/);
  });
});

test('its pod is deleted by force, and the node is cordoned', async () => {
  await using own = await openPlace();
  const { stage } = own;
  const operator = await own.operator(operatorOptions);
  const home = await runningHome(stage, ['data']);
  await own.configuration(home, freezing('uncut'));
  await own.session(home, 's1');
  const pod = await busyPod(own, home);
  await stage.sandbox.cluster.patch(nodes, { name: 'sandbox' }, { spec: { unschedulable: true } });
  await kill(own, home, pod);
  const { status } = await own.ended(home, 's1');
  await assertShort(own, home);
  assert.equal(status?.phase, 'Failed');
  await operator.stop();
});

test("a command line is killed, and the Job's image cannot be pulled", async () => {
  await using own = await openPlace();
  const { stage } = own;
  const operator = await own.operator({ ...operatorOptions, image: `${imageRepository}:v0.0.1` });
  const home = await runningHome(stage, ['data']);
  await own.configuration(home, freezing('uncut'));
  await orphan(own, home, { holder: 'cli-dead 3', preBackup: 'ran' });
  await stage.until(
    backupSessions,
    home,
    ([it]) => it?.metadata.annotations?.[annotation.quiescedSince] === undefined,
  );
  await assertShort(own, home);
  await eventually(async () =>
    (await own.told(home, 'BackupSession', 's1')).some((line) => line.includes('cannot pull its image')),
  );
  const [session] = await stage.all(backupSessions, home);
  assert.ok(session && !isFinal(session));
  await operator.stop();
});

/** Stops the executor's process, as if its node were lost. Resolves with a function that continues it. */
async function stopProcess(pod: string): Promise<() => void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (!environment.split('\0').includes(`POD_NAME=${pod}`)) continue;
    process.kill(Number(pid), 'SIGSTOP');
    return () => process.kill(Number(pid), 'SIGCONT');
  }
  return assert.fail(`no process of ${pod}`);
}
