/** Decides what the operator does next for a BackupConfiguration. */
import type { CronJob, KubernetesObject, Named, Stored } from '#src/api/kubernetes.ts';
import { isPlaceholder } from '#src/domain/backup/placeholder.ts';
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
import { checkRuntimeSettings } from './check-runtime-settings.ts';
import {
  configurationStatus,
  type ConfigurationFindings,
  type Status,
  type TargetSight,
} from './configuration-status.ts';
import type { KeptObject } from './kept-object.ts';

export interface ConfigurationWorld {
  readonly configuration: Stored<KeptObject<BackupConfiguration>>;
  readonly sight: TargetSight;
  /** The existing CronJob with the configuration's CronJob name, of any owner. */
  readonly cronJob: Stored<CronJob> | undefined;
  /** The CronJob after our last write. */
  readonly settled: SettledCronJob | undefined;
  /** Whether the operator knows that the Jobs' ServiceAccount and its RoleBindings exist. */
  readonly rightsMade: boolean;
  /** The message of the error of an earlier step. The operator then writes only the status. */
  readonly trouble: string | undefined;
  /** Names of the unfinished sessions of this configuration. */
  readonly unfinished: readonly string[];
  readonly options: CronJobOptions & { readonly claimsPerSession?: number };
  readonly now: Date;
}

export type ConfigurationStep =
  /** The configuration has another driver: do nothing. */
  | { readonly do: 'leave' }
  /** Keep our finalizer until these sessions have ended. */
  | { readonly do: 'await-sessions'; readonly sessions: readonly string[] }
  /** Add our finalizer before creating objects for the configuration, or remove it after their deletion. */
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
    // After a change of the driver, our finalizer may remain even if there never was a CronJob.
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
  const refused = configuration.kept?.refused;
  const check =
    refused === undefined
      ? checkConfiguration(configuration, world.options.claimsPerSession)
      : { problems: [refused], warnings: [] };
  const target = configuredTarget(configuration);
  const valid = target !== undefined && check.problems.length === 0;
  const step =
    world.trouble === undefined ? (valid ? make(world, ours, taken) : restrain(world, ours)) : undefined;
  return (
    step ?? writeStatus(world, { check, target, sight: world.sight, cronJob: cronJobFinding(world, ours) })
  );
}

/**
 * Creates nothing before the target exists, but updates existing objects even without it. A configuration for snapshots
 * on demand gets the objects that its sessions need, and no CronJob.
 */
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
  if (isPlaceholder(configuration)) {
    return ours === undefined || ours.metadata.deletionTimestamp !== undefined
      ? undefined
      : { do: 'delete-cron-job', cronJob: ours };
  }
  const wanted = buildCronJob(configuration, options);
  if (ours === undefined) return { do: 'create-cron-job', cronJob: wanted };
  return hasDrifted(ours, wanted, settled)
    ? { do: 'patch-cron-job', cronJob: ours, patch: patchOf(ours, wanted) }
    : undefined;
}

/**
 * Keeps the CronJob of a configuration that has become invalid; `paused` suspends it. Deletes the CronJob if
 * `runtimeSettings` are refused: its pods may have these settings, if an earlier version of this program created it.
 */
function restrain(
  { configuration: { spec } }: ConfigurationWorld,
  ours: Stored<CronJob> | undefined,
): ConfigurationStep | undefined {
  if (ours === undefined || ours.metadata.deletionTimestamp !== undefined) return undefined;
  if (checkRuntimeSettings(spec.runtimeSettings).length > 0) return { do: 'delete-cron-job', cronJob: ours };
  if (spec.paused !== true || ours.spec.suspend === true) return undefined;
  const patch = [{ op: 'add', path: '/spec/suspend', value: true }];
  return { do: 'patch-cron-job', cronJob: ours, patch };
}

function cronJobFinding(
  { configuration, cronJob, trouble }: ConfigurationWorld,
  ours: Stored<CronJob> | undefined,
): ConfigurationFindings['cronJob'] {
  if (trouble !== undefined) return { trouble };
  if (isPlaceholder(configuration)) return 'none';
  if (ours !== undefined) return 'made';
  return cronJob === undefined ? 'unmade' : { trouble: describeClash(configuration, cronJob) };
}

function describeClash({ metadata }: Stored<BackupConfiguration>, cronJob: Stored<CronJob>): string {
  const name = `cronjob/${cronJob.metadata.name}`;
  const owner = cronJob.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner?.kind !== 'BackupConfiguration') {
    return `${name} exists and was not created for this configuration; delete it, or give the configuration another name`;
  }
  return owner.name === metadata.name
    ? `${name} belongs to an earlier configuration of this name and is about to be deleted`
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

/** Whether `owner` controls `object`, compared by UID: an earlier owner may have had the same name. */
export function isControlledBy(
  { metadata }: Stored<KubernetesObject>,
  owner: Stored<KubernetesObject>,
): boolean {
  return (metadata.ownerReferences ?? []).some(
    ({ controller, uid }) => controller === true && uid === owner.metadata.uid,
  );
}

/** Whether a CronJob that the configuration does not control has the name of ours. */
export function hasClash({ configuration, cronJob }: ConfigurationWorld): boolean {
  return cronJob !== undefined && !isControlledBy(cronJob, configuration);
}
