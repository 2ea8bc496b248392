/** A session that is gone on with, where nobody says what it has made already: its deadline counts all the same. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { backupConfigurations, backupSessions, restoreSessions, type Resource } from '#src/api/resources.ts';
import type {
  BackupConfiguration,
  BackupSession,
  RestoreSession,
  VolumeClaimTemplate,
} from '#src/api/stash.ts';
import type { Cluster, Scope, WatchEvent } from '#src/cluster/port.ts';
import { buildConfiguration } from '#src/domain/backup/build-backup.ts';
import { targetAnnotation, type Target } from '#src/domain/workload/target.ts';
import { carryOutBackup } from '#src/session/carry-out-backup.ts';
import type { Environment } from '#src/session/environment.ts';
import { hold } from '#src/session/hold.ts';
import { runRestore } from '#src/session/restore.ts';

import { fastClock } from './clocks.ts';
import { logOf, note, runningHome } from './hooked.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
});
after(() => stage.stop());

/** No watch of these says a word. */
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
  return { cluster, clock, signal, onChange: () => undefined };
}

async function quiesced(namespace: string, deadlineMs: number) {
  const { cluster } = stage.sandbox;
  const target: Target = { kind: 'Deployment', name: 'app', namespace };
  const built = buildConfiguration(target);
  const shell = (command: string) => ({ exec: { command: ['/bin/sh', '-c', command] } });
  const hooks = { preBackup: shell(note('freeze')), postBackup: shell(note('thaw')) };
  const configuration = await cluster.create<BackupConfiguration>(backupConfigurations, {
    ...built,
    spec: { ...built.spec, hooks },
  });
  const now = new Date();
  await cluster.create<BackupSession>(backupSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: {
      name: 'left-1',
      namespace,
      annotations: {
        ...targetAnnotation(target),
        [annotation.sessionClaims]: '["data"]',
        [annotation.executor]: '',
        [annotation.quiescedSince]: now.toISOString(),
      },
    },
    spec: { invoker: { kind: 'BackupConfiguration', name: configuration.metadata.name } },
  });
  const pre = {
    type: 'PreBackupHookExecutionSucceeded',
    status: 'True',
    lastTransitionTime: now.toISOString(),
  } as const;
  const sessionDeadline = new Date(now.getTime() + deadlineMs).toISOString();
  const status = { phase: 'Running', sessionDeadline, targets: [{ conditions: [pre] }] } as const;
  return await cluster.patch<BackupSession>(
    backupSessions,
    { name: 'left-1', namespace },
    { status },
    { subresource: 'status' },
  );
}

test('a backup ends at its deadline', async () => {
  const namespace = await runningHome(stage, ['data']);
  const session = await quiesced(namespace, 60_000);
  const ended = await carryOutBackup(environment(silent('volumesnapshots')), {
    ...{ session, id: 'next', maxFreezeMs: 3_600_000, held: 'leave' },
  });
  assert.equal(ended.status?.phase, 'Failed');
  assert.match(ended.status.targets?.[0]?.stats?.[0]?.error ?? '', /^not seen ready after 10m/);
  assert.deepEqual(await logOf(stage, namespace), ['thaw']);
});

test('a backup thaws once the application has been quiet for as long as it may', async () => {
  const namespace = await runningHome(stage, ['data']);
  const session = await quiesced(namespace, 36_000_000);
  const ended = await carryOutBackup(environment(silent('volumesnapshots')), {
    ...{ session, id: 'next', maxFreezeMs: 60_000, held: 'leave' },
  });
  assert.deepEqual(await logOf(stage, namespace), ['thaw']);
  assert.match(ended.status?.targets?.[0]?.stats?.[0]?.error ?? '', /not cut within 1m of quiescing/);
});

test('a restore ends at its deadline', async () => {
  const namespace = await stage.home(['data']);
  const { cluster } = stage.sandbox;
  const template: VolumeClaimTemplate = {
    metadata: { name: 'data-back' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'sandbox',
      resources: { requests: { storage: '1Gi' } },
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'some' },
    },
  };
  const made = await cluster.create<RestoreSession>(restoreSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: { name: 'back', namespace },
    spec: { driver: 'VolumeSnapshotter', target: { volumeClaimTemplates: [template] } },
  });
  const seen = environment(silent('persistentvolumeclaims', 'pods'));
  const held = await hold(seen, restoreSessions, made, 'next');
  assert(held);
  const { verdict } = await runRestore(seen, {
    ...{ held, namespace, templates: [template], timeoutMs: 60_000 },
    target: undefined,
    waitForConsumer: undefined,
  });
  await held.release();
  assert.equal(verdict?.outcome, 'timed-out');
  assert.match(verdict.message, /data-back: not seen bound after 1m/);
});
