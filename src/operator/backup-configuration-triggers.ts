/** Records a Warning on a BackupConfiguration whose trigger Job failed: no session exists that could report it. */
import { jobCondition } from '#src/api/conditions.ts';
import type { Job, Stored } from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import type { Component } from '#src/api/operator.ts';
import { backupConfigurations } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { jobState } from '#src/domain/session/job-state.ts';

import type { Caches, World } from './world.ts';

const component: Component = 'trigger';
/** The operator that ran at the time has already reported older failures. */
const recentMs = 10 * 60_000;

export function tellFailedTriggers({ caches, clock, event, log }: World): void {
  /** UIDs of the failed Jobs that were reported. */
  const told = new Set<string>();
  caches.jobs.onChange((job, deleted) => {
    const { uid, name, namespace, labels } = job.metadata;
    if (labels?.[label.component] !== component) return;
    if (deleted) {
      told.delete(uid);
      return;
    }
    const failed = job.status?.conditions?.find(
      ({ type, status }) => type === jobCondition.failed && status === 'True',
    );
    if (failed === undefined || told.has(uid)) return;
    told.add(uid);
    const age = clock.now().getTime() - Date.parse(failed.lastTransitionTime ?? '');
    const configuration = configurationOf(caches, job);
    if (age > recentMs || configuration === undefined) return;
    const state = jobState(job, [...caches.pods.list(namespace)]);
    const why = state.state === 'failed' ? state.why : (failed.message ?? '');
    const message = `the scheduled backup did not start: job/${name} failed: ${why}`;
    event(backupConfigurations, configuration, 'Warning', 'TriggerFailed', message);
    log.warn(message, { name: configuration.metadata.name, namespace });
  });
}

function configurationOf(caches: Caches, { metadata }: Stored<Job>): Stored<BackupConfiguration> | undefined {
  const { namespace = '', ownerReferences = [] } = metadata;
  const cronJob = ownerReferences.find(({ kind }) => kind === 'CronJob');
  const owners = cronJob && caches.cronJobs.get(namespace, cronJob.name)?.metadata.ownerReferences;
  const owner = owners?.find(({ kind }) => kind === 'BackupConfiguration');
  return owner && caches.configurations.get(namespace, owner.name);
}
