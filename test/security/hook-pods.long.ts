/**
 * A hook in a pod of this program would have the permissions of the operator or a Job. Holds: `podLabels` that matched the
 * target's selector made hooks run in the Job's own pod, and `list --server` there sent the account's token away.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { backupConfigurations, deployments, pods } from '#src/api/resources.ts';
import { appConfiguration } from '#test/session/app-objects.ts';
import { hastyClock } from '#test/session/clocks.ts';
import { logOf, note, runningHome } from '#test/session/hooked.ts';
import { openStage, type Stage } from '#test/session/stage.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
});
after(() => stage.stop());

test('hooks do not run in pods of kubectl-stash', async () => {
  const namespace = await runningHome(stage, ['data']);
  const labels = { 'app.kubernetes.io/managed-by': 'kubectl-stash' };
  await stage.cluster.patch(
    deployments,
    { name: 'app', namespace },
    { spec: { template: { metadata: { labels } } } },
  );
  await stage.until(
    pods,
    namespace,
    (all) =>
      all.length === 1 &&
      all.every(
        ({ metadata, status }) =>
          status?.phase === 'Running' && metadata.labels?.['app.kubernetes.io/managed-by'],
      ),
  );
  const hook = { exec: { command: ['/bin/sh', '-c', note('ran')] } };
  const metadata = { name: 'deploy-app', namespace };
  await stage.cluster.create(
    backupConfigurations,
    appConfiguration(metadata, { hooks: { preBackup: hook } }),
  );
  const { exit, context } = stage.play('snapshot deploy/app --executor=local', {
    namespace,
    clock: hastyClock(),
  });
  assert.equal(await exit, 4);
  assert.match(context.stderr(), /hook did not run: hooks do not run in pods of kubectl-stash/);
  assert.deepEqual(await logOf(stage, namespace), []);
});
