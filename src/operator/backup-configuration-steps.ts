/** What the reconciler of BackupConfigurations does to the cluster, and what it tells of it. */
import type { CronJob, Named, Stored } from '#src/api/kubernetes.ts';
import { clusterRole } from '#src/api/operator.ts';
import { backupConfigurations, cronJobs } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import type { SettledCronJob } from '#src/domain/operator/build-cron-job.ts';
import { buildJobRights, type JobRights } from '#src/domain/operator/build-job-rights.ts';
import { checkConfiguration, hostWarnings } from '#src/domain/operator/check-configuration.ts';
import { eventsOfStatus, type Status } from '#src/domain/operator/configuration-status.ts';
import type { ConfigurationStep } from '#src/domain/operator/decide-configuration.ts';
import { assertNever, isStashError } from '#src/errors.ts';

import { ensureJobRights } from './job-rights.ts';
import type { World } from './world.ts';

/** Accounts and bindings are not watched: so long it is believed that they still are there. */
const rightsTrustedMs = 3_600_000;

/** What this process knows of a configuration beyond the caches; losing it costs a few requests. */
export interface Memory {
  rights?: { readonly said: string; readonly at: Date };
  settled?: SettledCronJob;
  /** What was told once and is not to be repeated. */
  told?: string;
}

/** `again`: something was done, look again. A CronJob: it stands where ours was to be made. */
export async function applyStep(
  world: World,
  memory: Memory,
  configuration: Stored<BackupConfiguration>,
  step: ConfigurationStep,
): Promise<'again' | 'end' | Stored<CronJob>> {
  const { cluster, caches, log } = world;
  const { name, namespace = '', resourceVersion } = configuration.metadata;
  const at = { name, namespace };
  switch (step.do) {
    case 'leave':
      tellOnce(world, memory, configuration, 'DriverNotSupported', foreignDriver(configuration));
      return 'end';
    case 'await-sessions': {
      const sessions = step.sessions.map((session) => `backupsession/${session}`).join(', ');
      tellOnce(world, memory, configuration, 'WaitingForSessions', `it is let go once ${sessions} has ended`);
      return 'end';
    }
    case 'set-finalizers': {
      const patch = { metadata: { resourceVersion, finalizers: step.finalizers } };
      caches.configurations.learn(await cluster.patch(backupConfigurations, at, patch));
      return 'again';
    }
    case 'make-rights': {
      const rights = rightsOf(configuration);
      await ensureJobRights(cluster, rights);
      memory.rights = { said: JSON.stringify(rights), at: world.clock.now() };
      return 'again';
    }
    case 'create-cron-job': {
      const made = await createCronJob(world, step.cronJob);
      if (made.isOurs) {
        memory.settled = settledAt(made.cronJob);
        caches.cronJobs.learn(made.cronJob);
        const words = `created cronjob/${step.cronJob.metadata.name} with schedule "${step.cronJob.spec.schedule}"`;
        world.event(backupConfigurations, configuration, 'Normal', 'CronJobCreated', words);
        log.info(words, at);
      }
      return made.cronJob;
    }
    case 'patch-cron-job': {
      const { metadata } = step.cronJob;
      const patched = await cluster.patch(cronJobs, { name: metadata.name, namespace }, step.patch, {
        type: 'json',
      });
      memory.settled = settledAt(patched);
      caches.cronJobs.learn(patched);
      if (patched.metadata.resourceVersion !== metadata.resourceVersion) {
        const words = whatChanged(step.cronJob, patched);
        world.event(backupConfigurations, configuration, 'Normal', 'CronJobUpdated', words);
        log.info(words, at);
      }
      return patched;
    }
    case 'delete-cron-job': {
      const { metadata } = step.cronJob;
      const where = { name: metadata.name, namespace };
      await cluster
        .delete(cronJobs, where, { uid: metadata.uid, propagation: 'Background' })
        .catch(ignoreGone);
      log.info(`deleted cronjob/${metadata.name}`, at);
      // Its going is told by the watch, and that is when it goes on.
      return 'end';
    }
    case 'write-status': {
      const patch = { metadata: { resourceVersion }, status: step.status };
      const written = await cluster.patch(backupConfigurations, at, patch, { subresource: 'status' });
      tellStatus(world, configuration, step.status);
      caches.configurations.learn(written);
      return 'again';
    }
    case 'done':
      return 'end';
    default:
      return assertNever(step);
  }
}

/** The CronJob as we made it, or whichever stands there. */
async function createCronJob(
  { cluster }: World,
  wanted: Named<CronJob>,
): Promise<{ isOurs: boolean; cronJob: Stored<CronJob> }> {
  try {
    return { isOurs: true, cronJob: await cluster.create(cronJobs, wanted) };
  } catch (error) {
    if (!isStashError(error, 'already-exists')) throw error;
    const { name, namespace } = wanted.metadata;
    return { isOurs: false, cronJob: await cluster.get(cronJobs, name, namespace) };
  }
}

function settledAt({ metadata: { uid, generation } }: Stored<CronJob>): SettledCronJob {
  return { uid, generation };
}

function rightsOf(configuration: Stored<BackupConfiguration>): JobRights {
  return buildJobRights(configuration, [clusterRole.trigger, clusterRole.snapshotter]);
}

/** Whether they were seen or made not long ago, as they are wanted now. */
export function areRightsTrusted(
  { clock }: World,
  { rights }: Memory,
  configuration: Stored<BackupConfiguration>,
): boolean {
  if (rights === undefined || clock.now().getTime() - rights.at.getTime() > rightsTrustedMs) return false;
  return rights.said === JSON.stringify(rightsOf(configuration));
}

function whatChanged(before: Stored<CronJob>, after: Stored<CronJob>): string {
  const name = `cronjob/${after.metadata.name}`;
  if (before.spec.schedule !== after.spec.schedule)
    return `${name} now has schedule "${after.spec.schedule}"`;
  if (before.spec.suspend !== after.spec.suspend) {
    return after.spec.suspend === true ? `suspended ${name}` : `resumed ${name}`;
  }
  return `updated ${name}`;
}

function foreignDriver({ spec }: Stored<BackupConfiguration>): string {
  return `driver ${spec.driver ?? 'Restic'} is left alone; only VolumeSnapshotter is carried out here`;
}

function tellOnce(
  world: World,
  memory: Memory,
  configuration: Stored<BackupConfiguration>,
  reason: string,
  message: string,
): void {
  if (memory.told === message) return;
  memory.told = message;
  world.event(backupConfigurations, configuration, 'Normal', reason, message);
}

function tellStatus(world: World, configuration: Stored<BackupConfiguration>, status: Status): void {
  const { metadata, status: before } = configuration;
  const at = { name: metadata.name, namespace: metadata.namespace };
  for (const { type, reason, message } of eventsOfStatus(before, status)) {
    world.event(backupConfigurations, configuration, type, reason, message);
  }
  if (before?.phase !== status.phase) world.log.info(`backupconfiguration is ${status.phase ?? ''}`, at);
  if (before?.observedGeneration === status.observedGeneration || status.phase === 'Invalid') return;
  const { warnings } = checkConfiguration(configuration);
  const hosts = world.options.runSessions === 'in-process' ? hostWarnings(configuration.spec.hooks) : [];
  for (const warning of [...warnings, ...hosts]) {
    world.event(backupConfigurations, configuration, 'Warning', 'ConfigurationWarning', warning);
  }
}

function ignoreGone(error: unknown): void {
  if (!isStashError(error, 'not-found')) throw error;
}
