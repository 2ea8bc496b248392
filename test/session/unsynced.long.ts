/** An executor goes on with a session and cannot read what it has made: the deadline counts all the same. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { restoreSessions, type Resource } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import type { Cluster, Scope, WatchEvent } from '#src/cluster/port.ts';
import { carryOut } from '#src/session/run/carry-out.ts';
import type { Environment } from '#src/session/environment.ts';
import { hold } from '#src/session/holding/hold.ts';
import { backup } from '#src/session/kinds/backup.ts';
import { restore } from '#src/session/kinds/restore.ts';
import { runSession } from '#src/session/run/run-session.ts';
import { claimFrom } from '#test/support/claim-from.ts';

import { fastClock } from './clocks.ts';
import { logOf, runningHome } from './hooked.ts';
import { backupLeftQuiesced } from './left-quiesced.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
});
after(() => stage.stop());

/** Watches of these never deliver anything. */
function silent(...plurals: readonly string[]): Cluster {
  return {
    ...stage.cluster,
    watch: <T extends KubernetesObject>(resource: Resource<T>, scope: Scope, signal: AbortSignal) =>
      plurals.includes(resource.plural) ? silence<T>(signal) : stage.cluster.watch(resource, scope, signal),
  };
}

async function* silence<T extends KubernetesObject>(signal: AbortSignal): AsyncGenerator<WatchEvent<T>> {
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve);
  });
}

function environment(cluster: Cluster, clock = fastClock()): Environment {
  const { signal } = new AbortController();
  return { cluster, clock, signal, tell: () => undefined, onChange: () => undefined };
}

function quiesced(namespace: string, deadlineMs: number) {
  const now = new Date();
  const pre = {
    type: 'PreBackupHookExecutionSucceeded',
    status: 'True',
    lastTransitionTime: now.toISOString(),
  } as const;
  const sessionDeadline = new Date(now.getTime() + deadlineMs).toISOString();
  const status = { phase: 'Running' as const, sessionDeadline, targets: [{ conditions: [pre] }] };
  return backupLeftQuiesced(stage.sandbox.cluster, namespace, { status });
}

test('a backup ends at its deadline', async () => {
  const namespace = await runningHome(stage, ['data']);
  const session = await quiesced(namespace, 60_000);
  const ended = await carryOut(environment(silent('volumesnapshots')), backup, {
    ...{ session, id: 'next', context: { maxFreezeMs: 3_600_000 }, held: 'leave' },
  });
  assert.equal(ended.status?.phase, 'Failed');
  assert.match(ended.status.targets?.[0]?.stats?.[0]?.error ?? '', /^not seen ready after 10m/);
  assert.deepEqual(await logOf(stage, namespace), ['thaw']);
});

test('a backup resumes the application once it has been quiesced for as long as it may be', async () => {
  const namespace = await runningHome(stage, ['data']);
  const session = await quiesced(namespace, 36_000_000);
  const ended = await carryOut(environment(silent('volumesnapshots')), backup, {
    ...{ session, id: 'next', context: { maxFreezeMs: 60_000 }, held: 'leave' },
  });
  assert.deepEqual(await logOf(stage, namespace), ['thaw']);
  assert.match(ended.status?.targets?.[0]?.stats?.[0]?.error ?? '', /not cut within 1m of quiescing/);
});

test('a restore ends at its deadline', async () => {
  const namespace = await stage.home(['data']);
  const { cluster } = stage.sandbox;
  const template = claimFrom('some', 'data-back');
  const made = await cluster.create<RestoreSession>(restoreSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: { name: 'back', namespace },
    spec: { driver: 'VolumeSnapshotter', target: { volumeClaimTemplates: [template] } },
  });
  const seen = environment(silent('persistentvolumeclaims', 'pods'));
  const held = await hold(seen, restore, made, 'next');
  assert(held);
  const { verdict } = await runSession(seen, restore, {
    ...{ held, context: {}, timeoutMs: 60_000 },
    plan: { templates: [template], target: undefined, waitForConsumer: undefined },
  });
  await held.release();
  assert.equal(verdict?.outcome, 'timed-out');
  assert.match(verdict.message, /data-back: not seen bound after 1m/);
});
