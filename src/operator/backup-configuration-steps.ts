/** What the reconciler of BackupConfigurations writes to the cluster, and the Events and log lines about it. */
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

import { ensureJobRights, jobRoleKind } from './job-rights.ts';
import type { World } from './world.ts';

/** ServiceAccounts and RoleBindings are not watched: after this time the operator checks them again. */
const rightsTrustedMs = 3_600_000;

/** What this process remembers about a configuration beside the caches; losing it costs only a few requests. */
export interface Memory {
  rights?: { readonly said: string; readonly at: Date };
  settled?: SettledCronJob;
  /** The last message that `recordOnce` recorded as an Event. */
  told?: string;
}

/**
 * Carries one step out. Resolves with `again` if the next decision follows at once, `end` if the reconciler waits
 * for a change, or the CronJob that the API server holds under the configuration's CronJob name, even if it is foreign.
 */
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
      recordOnce(world, memory, configuration, 'DriverNotSupported', foreignDriver(configuration));
      return 'end';
    case 'await-sessions': {
      const sessions = step.sessions.map((session) => `backupsession/${session}`).join(', ');
      recordOnce(world, memory, configuration, 'WaitingForSessions', `waiting for ${sessions} to end`);
      return 'end';
    }
    case 'set-finalizers': {
      const patch = { metadata: { resourceVersion, finalizers: step.finalizers } };
      caches.configurations.learn(await cluster.patch(backupConfigurations, at, patch));
      return 'again';
    }
    case 'make-rights': {
      const rights = rightsOf(configuration, world);
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
        .catch(ignoreNotFound);
      log.info(`deleted cronjob/${metadata.name}`, at);
      // The watch reports the deletion, and the reconciler continues then.
      return 'end';
    }
    case 'write-status': {
      const patch = { metadata: { resourceVersion }, status: step.status };
      const written = await cluster.patch(backupConfigurations, at, patch, { subresource: 'status' });
      reportStatus(world, configuration, step.status);
      caches.configurations.learn(written);
      return 'again';
    }
    case 'done':
      return 'end';
    default:
      return assertNever(step);
  }
}

/** Resolves with the created CronJob or, if the name is taken, with the existing one. */
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

function rightsOf(configuration: Stored<BackupConfiguration>, { options }: World): JobRights {
  return buildJobRights(configuration, [clusterRole.trigger, clusterRole.snapshotter], jobRoleKind(options));
}

/** Whether this process checked or created the same account and bindings within the last hour. */
export function areRightsTrusted(
  world: World,
  { rights }: Memory,
  configuration: Stored<BackupConfiguration>,
): boolean {
  if (rights === undefined || world.clock.now().getTime() - rights.at.getTime() > rightsTrustedMs)
    return false;
  return rights.said === JSON.stringify(rightsOf(configuration, world));
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
  return `driver ${spec.driver ?? 'Restic'} is not supported: this operator carries out VolumeSnapshotter only`;
}

function recordOnce(
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

function reportStatus(world: World, configuration: Stored<BackupConfiguration>, status: Status): void {
  const { metadata, status: before } = configuration;
  const at = { name: metadata.name, namespace: metadata.namespace };
  for (const { type, reason, message } of eventsOfStatus(configuration, status)) {
    world.event(backupConfigurations, configuration, type, reason, message);
  }
  if (before?.phase !== status.phase) world.log.info(`backupconfiguration is ${status.phase ?? ''}`, at);
  if (before?.observedGeneration === status.observedGeneration || status.phase === 'Invalid') return;
  const { warnings } = checkConfiguration(configuration, world.options.claimsPerSession);
  const hosts = world.options.runSessions === 'in-process' ? hostWarnings(configuration.spec.hooks) : [];
  for (const warning of [...warnings, ...hosts]) {
    world.event(backupConfigurations, configuration, 'Warning', 'ConfigurationWarning', warning);
  }
}

function ignoreNotFound(error: unknown): void {
  if (!isStashError(error, 'not-found')) throw error;
}
