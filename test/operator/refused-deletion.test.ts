import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { backupConfigurations, cronJobs, deployments, events } from '#src/api/resources.ts';
import { StashError } from '#src/errors.ts';
import { backupConfigurationReconciler } from '#src/operator/backup-configuration.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';
import { until } from '#test/support/until.ts';

import { deployment } from '#test/e2e/manifests.ts';
import { configuration } from '#test/e2e/operator/manifests.ts';

import { openStand } from './stand.ts';
import { startOperator } from './start.ts';

const namespace = 'default';
const name = 'nightly';

test('when the deletion of a CronJob is refused, an Event says so, and the operator retries', async () => {
  const stand = await openStand();
  const { cluster } = stand.sandbox;
  let refusals = 0;
  let refuses = true;
  const operator = await startOperator({
    kubeconfig: stand.kubeconfig,
    reconcilers: [backupConfigurationReconciler],
    leaderElect: false,
    clock: scaledClock(1),
    through: (theirs) => ({
      ...theirs,
      delete(resource, at, options) {
        if (!refuses || resource !== cronJobs) return theirs.delete(resource, at, options);
        refusals += 1;
        return Promise.reject(new StashError('forbidden', 'it may not delete cronjobs.batch'));
      },
    }),
  });
  after(async () => {
    await operator.stop();
    await stand[Symbol.asyncDispose]();
  });
  const { metadata, ...app } = deployment('stash-demo', ['data']);
  await cluster.create(deployments, { ...app, metadata: { ...metadata, namespace } });
  const made = configuration(name);
  await cluster.create(backupConfigurations, { ...made, metadata: { name, namespace } });
  await until(cluster, backupConfigurations, { namespace }, ([it]) => it?.status?.phase === 'Ready');

  await cluster.delete(backupConfigurations, { name, namespace });
  await until(cluster, events, { namespace }, (all) =>
    all.some(({ reason, message }) => reason === 'FailedToDelete' && message?.includes('cronjobs.batch')),
  );
  assert(refusals < 5, `${refusals} tries`);
  refuses = false;
  await until(cluster, backupConfigurations, { namespace }, (all) => all.length === 0);
});
