/**
 * The author of a BackupConfiguration or RestoreSession names the ServiceAccount of its Jobs. Holds: any account of the
 * namespace could be chosen, and the accounts that the operator makes could be given a role at a cloud provider.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { allowed, label } from '#src/api/labels.ts';
import {
  backupConfigurations,
  backupSessions,
  cronJobs,
  jobs,
  restoreSessions,
  roleBindings,
  serviceAccounts,
} from '#src/api/resources.ts';
import type { RuntimeSettings } from '#src/api/stash.ts';
import { backupConfigurationReconciler } from '#src/operator/backup-configuration.ts';
import { backupSessionReconciler } from '#src/operator/backup-session.ts';
import { restoreSessionReconciler } from '#src/operator/restore-session.ts';
import { openSessionStage } from '#test/operator/session-stage.ts';
import { appConfiguration } from '#test/session/app-objects.ts';
import { claimFrom } from '#test/support/claim-from.ts';

const place = await openSessionStage();
const { stage } = place;
const { cluster } = stage.sandbox;
after(() => place[Symbol.asyncDispose]());

const name = 'deploy-app';

async function allow(namespace: string, account: string): Promise<void> {
  const labels = { [label.jobs]: allowed };
  await cluster.patch(serviceAccounts, { name: account, namespace }, { metadata: { labels } });
}

async function configured(namespace: string, pod: NonNullable<RuntimeSettings['pod']>): Promise<void> {
  const spec = { runtimeSettings: { pod } };
  await cluster.create(backupConfigurations, appConfiguration({ name, namespace }, spec));
}

const phase = (namespace: string, wanted: string) =>
  stage.until(backupConfigurations, namespace, ([it]) => it?.status?.phase === wanted);

test('a configuration uses and annotates only accounts that are labelled for it', async () => {
  await using operator = await place.operator({ reconcilers: [backupConfigurationReconciler] });
  const chosen = await stage.home([]);
  await configured(chosen, { serviceAccountName: 'default' });
  const [refused] = await phase(chosen, 'NotReady');
  assert.match(
    JSON.stringify(refused?.status),
    /serviceAccountName is refused: serviceaccount\/default does not have the label stash\.appscode\.com\/jobs=allowed/,
  );
  assert.deepEqual(await stage.all(roleBindings, chosen), []);
  assert.deepEqual(await stage.all(cronJobs, chosen), []);
  await allow(chosen, 'default');
  await phase(chosen, 'Ready');

  const annotated = await stage.home([]);
  const role = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/admin' };
  await configured(annotated, { serviceAccountAnnotations: role });
  await phase(annotated, 'NotReady');
  const account = async () =>
    (await stage.all(serviceAccounts, annotated)).find((it) => it.metadata.name === `stash-${name}`);
  assert.equal((await account())?.metadata.annotations, undefined);
  assert.deepEqual(await stage.all(cronJobs, annotated), []);
  await allow(annotated, `stash-${name}`);
  await phase(annotated, 'Ready');
  assert.deepEqual((await account())?.metadata.annotations, role);
  await operator.stop();
});

test('no Job gets another account, though its configuration was changed after it became Ready', async () => {
  await using operator = await place.operator({
    runSessions: 'in-jobs',
    reconcilers: [backupSessionReconciler],
  });
  const home = await stage.home(['data']);
  await cluster.create(
    backupConfigurations,
    appConfiguration(
      { name, namespace: home },
      { runtimeSettings: { pod: { serviceAccountName: 'default' } } },
    ),
  );
  const status = { phase: 'Ready', observedGeneration: 1 } as const;
  await cluster.patch(backupConfigurations, { name, namespace: home }, { status }, { subresource: 'status' });
  await place.session(home, 's1');
  await stage.until(backupSessions, home, ([it]) =>
    JSON.stringify(it?.status ?? {}).includes('serviceAccountName is refused'),
  );
  assert.deepEqual(await stage.all(jobs, home), []);
  await operator.stop();
});

test('a RestoreSession gets no other account, either', async () => {
  await using operator = await place.operator({
    runSessions: 'in-jobs',
    reconcilers: [restoreSessionReconciler],
  });
  const home = await stage.home(['data']);
  await place.restore(home, 'back', {
    driver: 'VolumeSnapshotter',
    runtimeSettings: { pod: { serviceAccountName: 'default' } },
    target: { volumeClaimTemplates: [claimFrom('none', 'copy')] },
  });
  await stage.until(restoreSessions, home, ([it]) =>
    JSON.stringify(it?.status ?? {}).includes('serviceAccountName is refused'),
  );
  assert.deepEqual(await stage.all(jobs, home), []);
  assert.deepEqual(await stage.all(roleBindings, home), []);
  await operator.stop();
});
