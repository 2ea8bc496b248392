import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { Condition, Stored } from '#src/api/kubernetes.ts';
import { backupSessions } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { awaitPickUp } from '#src/session/holding/pick-up.ts';

import { fastClock } from './clocks.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
});
after(() => stage.stop());

async function begun(namespace: string): Promise<Stored<BackupSession>> {
  return stage.sandbox.cluster.create<BackupSession>(backupSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: { name: 's1', namespace },
    spec: { invoker: { kind: 'BackupConfiguration', name: 'deploy-app' } },
  });
}

const wait = (session: Stored<BackupSession>) => {
  const { signal } = new AbortController();
  const environment = { cluster: stage.cluster, clock: fastClock(), signal, tell: () => undefined };
  return awaitPickUp(environment, backupSessions, session, 10_000);
};

test('a session without a status or holder is not taken', async () => {
  assert.equal(await wait(await begun(await stage.home([]))), undefined);
});

test('an operator that reports the Job that it has created has taken the session', async () => {
  const namespace = await stage.home([]);
  const session = await begun(namespace);
  const ensured: Condition = {
    type: 'BackupExecutorEnsured',
    status: 'True',
    lastTransitionTime: new Date().toISOString(),
  };
  const status = { targets: [{ conditions: [ensured] }] };
  const at = { name: 's1', namespace };
  await stage.sandbox.cluster.patch(backupSessions, at, { status }, { subresource: 'status' });
  assert.equal((await wait(session))?.metadata.name, 's1');
});
