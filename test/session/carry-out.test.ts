/** An executor takes over a session that cannot go on: it resumes the application before the session fails. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import { restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { carryOut } from '#src/session/run/carry-out.ts';
import type { Environment } from '#src/session/environment.ts';
import { backup } from '#src/session/kinds/backup.ts';
import { restore } from '#src/session/kinds/restore.ts';
import { claimFrom } from '#test/support/claim-from.ts';

import { appRef } from './app-objects.ts';
import { hastyClock } from './clocks.ts';
import { logOf, note, runningHome } from './hooked.ts';
import { backupLeftQuiesced, shell } from './left-quiesced.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
});
after(() => stage.stop());

function environment(): Environment {
  const { signal } = new AbortController();
  return {
    cluster: stage.cluster,
    clock: hastyClock(),
    signal,
    tell: () => undefined,
    onChange: () => undefined,
  };
}

function inAnHour(): string {
  return new Date(Date.now() + 3_600_000).toISOString();
}

test('a backup whose snapshot class is gone', async () => {
  const namespace = await runningHome(stage, ['data']);
  const session = await backupLeftQuiesced(stage.sandbox.cluster, namespace, {
    snapshotClass: 'gone',
    status: { phase: 'Running', sessionDeadline: inAnHour() },
  });
  const ended = await carryOut(environment(), backup, {
    ...{ session, id: 'next', context: { maxFreezeMs: 60_000 }, held: 'leave' },
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
        ref: appRef,
        volumeClaimTemplates: [claimFrom('gone', 'data-back')],
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
  const ended = await carryOut(environment(), restore, { session, id: 'next', held: 'leave' });
  assert.deepEqual(await logOf(stage, namespace), ['thaw']);
  assert.equal(ended.status?.phase, 'Failed');
  assert.match(ended.status.stats?.[0]?.error ?? '', /gone/);
});
