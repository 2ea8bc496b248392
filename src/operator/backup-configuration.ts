/** Reconciles a BackupConfiguration: validates it, and keeps its CronJob and the rights of its Jobs in place. */
import type { CronJob, Stored } from '#src/api/kubernetes.ts';
import { configurationFinalizer } from '#src/api/operator.ts';
import { backupConfigurations } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { goesByHolder } from '#src/domain/session/holder.ts';
import { cronJobName } from '#src/domain/workload/names.ts';
import { configuredTarget } from '#src/domain/operator/check-configuration.ts';
import type { TargetSight } from '#src/domain/operator/configuration-status.ts';
import {
  decideConfiguration,
  hasClash,
  type ConfigurationStep,
  type ConfigurationWorld,
} from '#src/domain/operator/decide-configuration.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { targetTypes } from '#src/domain/workload/kinds.ts';
import { isStashError, StashError } from '#src/errors.ts';

import { applyStep, areRightsTrusted, type Memory } from './backup-configuration-steps.ts';
import { enqueueByTarget } from './backup-configuration-targets.ts';
import { tellFailedTriggers } from './backup-configuration-triggers.ts';
import type { Reconciler } from './reconciler.ts';
import type { World } from './world.ts';

/** No watch reports the deletion of a foreign CronJob that has the name of ours: look again after this time. */
const clashEveryMs = 60_000;

export function backupConfigurationReconciler(world: World): Reconciler {
  const memories = new Map<string, Memory>();
  return {
    name: 'backupconfiguration',
    reads: ['configurations', 'backupSessions', 'cronJobs', 'jobs', 'pods', 'targets'],
    async reconcile({ namespace, name }, signal) {
      const configuration = world.caches.configurations.get(namespace, name);
      if (configuration === undefined) return undefined;
      const { uid } = configuration.metadata;
      const memory = memories.get(uid) ?? {};
      memories.set(uid, memory);
      return await reconcileConfiguration(world, memory, configuration, signal);
    },
    triggers(enqueue) {
      const { caches } = world;
      caches.configurations.onChange(({ metadata }, deleted) => {
        const key = { namespace: metadata.namespace ?? '', name: metadata.name };
        if (deleted) memories.delete(metadata.uid);
        enqueue(key);
      });
      enqueueByTarget(caches, enqueue);
      tellFailedTriggers(world);
      caches.cronJobs.onChange(({ metadata: { namespace = '', ownerReferences = [] } }) => {
        for (const { kind, name } of ownerReferences) {
          if (kind === 'BackupConfiguration') enqueue({ namespace, name });
        }
      });
      caches.backupSessions.onChange(({ metadata: { namespace = '' }, spec: { invoker } }) => {
        const configuration = caches.configurations.get(namespace, invoker.name);
        if (configuration !== undefined && isBeingReleased(configuration)) {
          enqueue({ namespace, name: invoker.name });
        }
      });
    },
  };
}

/**
 * Decides and applies steps until none is left. Resolves as `Reconciler.reconcile` does. Rejects with the error
 * that prevented a step, after the status reports it.
 */
async function reconcileConfiguration(
  world: World,
  memory: Memory,
  first: Stored<BackupConfiguration>,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { caches } = world;
  const { name, uid, namespace = '' } = first.metadata;
  const sight = await observeTarget(world, first);
  let trouble: StashError | undefined;
  let taken: Stored<CronJob> | undefined;
  let isPatched = false;

  while (!signal.aborted) {
    const configuration = caches.configurations.get(namespace, name);
    // A change since the start has been enqueued and is reconciled on its own.
    if (configuration?.metadata.uid !== uid) return undefined;
    if (configuration.metadata.generation !== first.metadata.generation) return undefined;
    const seen: ConfigurationWorld = {
      configuration,
      sight: sight.target,
      cronJob: caches.cronJobs.get(namespace, cronJobName(name)) ?? taken,
      settled: memory.settled,
      rightsMade: areRightsTrusted(world, memory, configuration),
      trouble: trouble?.message,
      unfinished: unfinishedSessions(world, configuration),
      options: world.options,
      now: world.clock.now(),
    };
    const step = decideConfiguration(seen);
    try {
      if (step.do === 'patch-cron-job' && isPatched) throw changedBack(step.cronJob);
      isPatched ||= step.do === 'patch-cron-job';
      const more = await applyStep(world, memory, configuration, step);
      if (more === 'again') continue;
      if (more !== 'end') taken = more;
      else if (trouble ?? sight.error) throw trouble ?? sight.error;
      else return hasClash(seen) ? clashEveryMs : undefined;
    } catch (error) {
      if (isGone(error, step)) return undefined;
      if (trouble !== undefined || error === sight.error || !belongsInStatus(error, step, configuration))
        throw error;
      // The status of a configuration that is being deleted is no longer written: an Event reports the error.
      if (configuration.metadata.deletionTimestamp !== undefined) {
        world.event(backupConfigurations, configuration, 'Warning', 'FailedToDelete', error.message);
        throw error;
      }
      trouble = error;
    }
  }
  return undefined;
}

/** Asks the API server for a target that the cache lacks: backups must not stop because a watch is late. */
async function observeTarget(
  { cluster, caches }: World,
  configuration: Stored<BackupConfiguration>,
): Promise<{ target: TargetSight; error?: unknown }> {
  const target = configuredTarget(configuration);
  const { driver } = configuration.spec;
  if (target === undefined || driver !== 'VolumeSnapshotter') return { target: 'absent' };
  if (configuration.metadata.deletionTimestamp !== undefined) return { target: 'absent' };
  const { kind, name, namespace } = target;
  if (caches.targets[kind].get(namespace, name)) return { target: 'found' };
  try {
    await cluster.get(targetTypes[kind].resource, name, namespace);
    return { target: 'found' };
  } catch (error) {
    if (isStashError(error, 'not-found')) return { target: 'absent' };
    return { target: { unknown: error instanceof Error ? error.message : String(error) }, error };
  }
}

function isBeingReleased({ metadata, spec }: Stored<BackupConfiguration>): boolean {
  if (metadata.finalizers?.includes(configurationFinalizer) !== true) return false;
  return metadata.deletionTimestamp !== undefined || spec.driver !== 'VolumeSnapshotter';
}

function unfinishedSessions({ caches }: World, configuration: Stored<BackupConfiguration>): string[] {
  if (!isBeingReleased(configuration)) return [];
  const { metadata, spec } = configuration;
  return (
    [...caches.backupSessions.list(metadata.namespace)]
      .filter(
        ({ spec: { invoker } }) => invoker.kind === 'BackupConfiguration' && invoker.name === metadata.name,
      )
      .filter((session) => !isFinal(session))
      // After a change of driver, sessions that this program never began belong to the other driver's operator.
      .filter((session) => spec.driver === 'VolumeSnapshotter' || goesByHolder(session))
      .map((session) => session.metadata.name)
  );
}

/** Whether the error means that the configuration was deleted while the operator wrote to it. */
function isGone(error: unknown, step: ConfigurationStep): boolean {
  return isStashError(error, 'not-found') && (step.do === 'set-finalizers' || step.do === 'write-status');
}

/** Whether the status should report the error; other errors are only retried. */
function belongsInStatus(
  error: unknown,
  step: ConfigurationStep,
  { metadata, status }: Stored<BackupConfiguration>,
): error is StashError {
  if (!isStashError(error) || isStashError(error, 'conflict', 'interrupted', 'bug')) return false;
  if (step.do === 'write-status') return false;
  // The CronJob was deleted before the patch: the retry creates it.
  if (isStashError(error, 'not-found') && step.do === 'patch-cron-job') return false;
  // A transient error must not turn a Ready configuration NotReady.
  const passing = isStashError(error, 'unreachable', 'server');
  return !passing || status?.observedGeneration !== metadata.generation;
}

function changedBack({ metadata }: Stored<CronJob>): StashError {
  return new StashError('precondition', `cronjob/${metadata.name} is changed back after every write`, {
    hint: 'check the admission webhooks of the cluster',
  });
}
