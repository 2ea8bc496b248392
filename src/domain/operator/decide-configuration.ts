/** The next thing to do for a BackupConfiguration. */
import type { CronJob, KubernetesObject, Named, Stored } from '#src/api/kubernetes.ts';
import { configurationFinalizer } from '#src/api/operator.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { includesJson } from '#src/domain/includes-json.ts';

import {
  buildCronJob,
  hasDrifted,
  patchOf,
  type CronJobOptions,
  type SettledCronJob,
} from './build-cron-job.ts';
import { checkConfiguration, configuredTarget } from './check-configuration.ts';
import {
  configurationStatus,
  type ConfigurationFindings,
  type Status,
  type TargetSight,
} from './configuration-status.ts';

export interface ConfigurationWorld {
  readonly configuration: Stored<BackupConfiguration>;
  readonly sight: TargetSight;
  /** Of the name that ours has, whoever made it. */
  readonly cronJob: Stored<CronJob> | undefined;
  /** The CronJob that our last write came to. */
  readonly settled: SettledCronJob | undefined;
  /** The account of the Jobs and its bindings are known to be there. */
  readonly rightsMade: boolean;
  /** Why something could not be made just now; nothing more is tried then. */
  readonly trouble: string | undefined;
  /** Names of the sessions of this configuration that have not ended. */
  readonly unfinished: readonly string[];
  readonly options: CronJobOptions;
  readonly now: Date;
}

export type ConfigurationStep =
  /** Not ours to touch: another driver. */
  | { readonly do: 'leave' }
  /** It may go as soon as these have ended. */
  | { readonly do: 'await-sessions'; readonly sessions: readonly string[] }
  /** Says in the finalizers that something of ours belongs to it, or no longer does. */
  | { readonly do: 'set-finalizers'; readonly finalizers: readonly string[] }
  | { readonly do: 'make-rights' }
  | { readonly do: 'create-cron-job'; readonly cronJob: Named<CronJob> }
  | { readonly do: 'patch-cron-job'; readonly cronJob: Stored<CronJob>; readonly patch: object[] }
  | { readonly do: 'delete-cron-job'; readonly cronJob: Stored<CronJob> }
  | { readonly do: 'write-status'; readonly status: Status }
  | { readonly do: 'done' };

export function decideConfiguration(world: ConfigurationWorld): ConfigurationStep {
  const { configuration, cronJob } = world;
  const { deletionTimestamp, finalizers = [] } = configuration.metadata;
  const taken = finalizers.includes(configurationFinalizer);
  const ours = cronJob !== undefined && isControlledBy(cronJob, configuration) ? cronJob : undefined;
  const others = finalizers.filter((finalizer) => finalizer !== configurationFinalizer);

  const isForeign = configuration.spec.driver !== 'VolumeSnapshotter';
  if (isForeign || deletionTimestamp !== undefined) {
    // It may have been ours until its driver was changed, whether its CronJob was ever made or not.
    const isLet = !taken && (!isForeign || ours === undefined);
    if (isLet) return { do: isForeign ? 'leave' : 'done' };
    if (ours?.metadata.deletionTimestamp === undefined && ours !== undefined) {
      return { do: 'delete-cron-job', cronJob: ours };
    }
    if (!taken) return { do: 'leave' };
    return world.unfinished.length > 0
      ? { do: 'await-sessions', sessions: world.unfinished }
      : { do: 'set-finalizers', finalizers: others };
  }
  const check = checkConfiguration(configuration);
  const target = configuredTarget(configuration);
  const valid = target !== undefined && check.problems.length === 0;
  const step =
    world.trouble === undefined ? (valid ? make(world, ours, taken) : pause(world, ours)) : undefined;
  return (
    step ?? writeStatus(world, { check, target, sight: world.sight, cronJob: cronJobFinding(world, ours) })
  );
}

/** Nothing is made before the target is there; what was made then is kept as it should be. */
function make(
  { configuration, sight, cronJob, settled, rightsMade, options }: ConfigurationWorld,
  ours: Stored<CronJob> | undefined,
  taken: boolean,
): ConfigurationStep | undefined {
  if (sight !== 'found' && ours === undefined) return undefined;
  if (cronJob !== undefined && ours === undefined) return undefined;
  if (!taken) {
    const finalizers = [...(configuration.metadata.finalizers ?? []), configurationFinalizer];
    return { do: 'set-finalizers', finalizers };
  }
  if (!rightsMade) return { do: 'make-rights' };
  const wanted = buildCronJob(configuration, options);
  if (ours === undefined) return { do: 'create-cron-job', cronJob: wanted };
  return hasDrifted(ours, wanted, settled)
    ? { do: 'patch-cron-job', cronJob: ours, patch: patchOf(ours, wanted) }
    : undefined;
}

/** Of a configuration that became invalid, `paused` is honoured all the same. */
function pause(
  { configuration }: ConfigurationWorld,
  ours: Stored<CronJob> | undefined,
): ConfigurationStep | undefined {
  if (ours === undefined || configuration.spec.paused !== true || ours.spec.suspend === true)
    return undefined;
  const patch = [{ op: 'add', path: '/spec/suspend', value: true }];
  return { do: 'patch-cron-job', cronJob: ours, patch };
}

function cronJobFinding(
  { configuration, cronJob, trouble }: ConfigurationWorld,
  ours: Stored<CronJob> | undefined,
): ConfigurationFindings['cronJob'] {
  if (trouble !== undefined) return { trouble };
  if (ours !== undefined) return 'made';
  return cronJob === undefined ? 'unmade' : { trouble: describeClash(configuration, cronJob) };
}

function describeClash({ metadata }: Stored<BackupConfiguration>, cronJob: Stored<CronJob>): string {
  const name = `cronjob/${cronJob.metadata.name}`;
  const owner = cronJob.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner?.kind !== 'BackupConfiguration') {
    return `${name} exists and was not made for this configuration; delete it, or give the configuration another name`;
  }
  return owner.name === metadata.name
    ? `${name} is left from an earlier configuration of this name, and about to be deleted`
    : `${name} belongs to backupconfiguration/${owner.name}, whose CronJob has the same name; give one of the two another name`;
}

function writeStatus(
  { configuration, now }: ConfigurationWorld,
  findings: ConfigurationFindings,
): ConfigurationStep {
  const status = configurationStatus(configuration, findings, now);
  const before = configuration.status;
  const same = includesJson(before, status) && includesJson(status, before);
  return same ? { do: 'done' } : { do: 'write-status', status };
}

/** Whether `object` was made for `owner`, and not for one that had its name before. */
export function isControlledBy(
  { metadata }: Stored<KubernetesObject>,
  owner: Stored<KubernetesObject>,
): boolean {
  return (metadata.ownerReferences ?? []).some(
    ({ controller, uid }) => controller === true && uid === owner.metadata.uid,
  );
}

/** Whether somebody else's CronJob stands where ours should: it is worth another look after a while. */
export function hasClash({ configuration, cronJob }: ConfigurationWorld): boolean {
  return cronJob !== undefined && !isControlledBy(cronJob, configuration);
}
