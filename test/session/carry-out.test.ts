/** Sessions that are taken over with the application quiet, and cannot go on: it is thawed before they fail. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import { backupConfigurations, backupSessions, restoreSessions } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import { buildConfiguration } from '#src/domain/backup/build-backup.ts';
import { targetAnnotation, type Target } from '#src/domain/workload/target.ts';
import { carryOutBackup } from '#src/session/carry-out-backup.ts';
import { carryOutRestore } from '#src/session/carry-out-restore.ts';
import type { Environment } from '#src/session/environment.ts';

import { hastyClock } from './clocks.ts';
import { logOf, note, runningHome } from './hooked.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
});
after(() => stage.stop());

const shell = (command: string) => ({ exec: { command: ['/bin/sh', '-c', command] } });

function environment(): Environment {
  const { signal } = new AbortController();
  return { cluster: stage.cluster, clock: hastyClock(), signal, onChange: () => undefined };
}

function inAnHour(): string {
  return new Date(Date.now() + 3_600_000).toISOString();
}

test('a backup whose snapshot class is gone', async () => {
  const namespace = await runningHome(stage, ['data']);
  const { cluster } = stage.sandbox;
  const target: Target = { kind: 'Deployment', name: 'app', namespace };
  const built = buildConfiguration(target, 'gone');
  const hooks = { preBackup: shell(note('freeze')), postBackup: shell(note('thaw')) };
  const configuration = await cluster.create<BackupConfiguration>(backupConfigurations, {
    ...built,
    spec: { ...built.spec, hooks },
  });
  const made = await cluster.create<BackupSession>(backupSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: {
      name: 'left-1',
      namespace,
      annotations: {
        ...targetAnnotation(target),
        [annotation.sessionClaims]: '["data"]',
        [annotation.executor]: '',
        [annotation.quiescedSince]: new Date().toISOString(),
      },
    },
    spec: { invoker: { kind: 'BackupConfiguration', name: configuration.metadata.name } },
  });
  const status = { phase: 'Running', sessionDeadline: inAnHour() } as const;
  const at = { name: made.metadata.name, namespace };
  const session = await cluster.patch<BackupSession>(
    backupSessions,
    at,
    { status },
    { subresource: 'status' },
  );
  const ended = await carryOutBackup(environment(), {
    ...{ session, id: 'next', maxFreezeMs: 60_000, held: 'leave' },
  });
  assert.deepEqual(await logOf(stage, namespace), ['thaw']);
  assert.equal(ended.status?.phase, 'Failed');
  const [about] = ended.status.conditions ?? [];
  assert.equal(about?.type, 'BackupDisrupted');
  assert.match(about.message ?? '', /snapshot class .*gone/i);
});

test('a restore whose snapshot is gone', async () => {
  const namespace = await runningHome(stage, ['data']);
  const { cluster } = stage.sandbox;
  const made = await cluster.create<RestoreSession>(restoreSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: {
      name: 'back',
      namespace,
      annotations: { [annotation.executor]: '', [annotation.quiescedSince]: new Date().toISOString() },
    },
    spec: {
      driver: 'VolumeSnapshotter',
      hooks: { preRestore: shell(note('freeze')), postRestore: shell(note('thaw')) },
      target: {
        ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' },
        volumeClaimTemplates: [
          {
            metadata: { name: 'data-back' },
            spec: {
              accessModes: ['ReadWriteOnce'],
              storageClassName: 'sandbox',
              resources: { requests: { storage: '1Gi' } },
              dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'gone' },
            },
          },
        ],
      },
    },
  });
  const status = { phase: 'Running', sessionDeadline: inAnHour() } as const;
  const at = { name: made.metadata.name, namespace };
  const session = await cluster.patch<RestoreSession>(
    restoreSessions,
    at,
    { status },
    { subresource: 'status' },
  );
  const ended = await carryOutRestore(environment(), { session, id: 'next', held: 'leave' });
  assert.deepEqual(await logOf(stage, namespace), ['thaw']);
  assert.equal(ended.status?.phase, 'Failed');
  assert.match(ended.status.stats?.[0]?.error ?? '', /gone/);
});
