/** Builds a BackupConfiguration, or a patch of an existing one, from the flags of a command line. */
import { handlerKinds } from '#src/api/hook-handlers.ts';
import { isPlaceholder } from '#src/domain/backup/placeholder.ts';
import type { Named, Stored } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import type { BackupConfiguration, HookHandler, RetentionPolicy } from '#src/api/stash.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { buildConfiguration } from '#src/domain/backup/build-backup.ts';
import { formatGoDuration } from '#src/domain/duration.ts';
import { failure, type Failure } from '#src/domain/finding.ts';
import { labelValue } from '#src/domain/workload/names.ts';
import { configuredTarget } from '#src/domain/operator/check-configuration.ts';
import { keepRules } from '#src/domain/retention/retention-rules.ts';
import { nextRun } from '#src/domain/schedule.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';

/** A field that is left out keeps its value in an existing configuration, and has its default in a new one. */
export interface ScheduleWishes {
  readonly schedule?: string | undefined;
  readonly retention?: RetentionPolicy | undefined;
  readonly snapshotClass?: string | undefined;
  readonly replicas?: number | undefined;
  readonly paused?: boolean | undefined;
  readonly timeoutMs?: number | undefined;
  readonly historyLimit?: number | undefined;
  readonly retries?: number | undefined;
  readonly retryDelayMs?: number | undefined;
  readonly pre?: HookHandler | undefined;
  readonly post?: HookHandler | undefined;
}

export const keepAll: RetentionPolicy = { name: 'keep-all', prune: false };

type Spec = BackupConfiguration['spec'];

export function buildScheduled(
  target: Target,
  name: string,
  wishes: ScheduleWishes,
): Named<BackupConfiguration> {
  const { metadata, spec, ...rest } = buildConfiguration(target, wishes.snapshotClass);
  const { replicas, retention = keepAll, schedule, pre, post, ...others } = wishes;
  return {
    ...rest,
    metadata: { ...metadata, name, labels: { ...metadata.labels, [label.invokerName]: labelValue(name) } },
    spec: {
      ...spec,
      ...(schedule !== undefined && { schedule }),
      paused: wishes.paused ?? false,
      target: { ...spec.target, ...(replicas !== undefined && { replicas }) },
      retentionPolicy: retention,
      ...plainFields(others),
      ...((pre ?? post) && { hooks: { ...(pre && { preBackup: pre }), ...(post && { postBackup: post }) } }),
    },
  };
}

/** Returns a merge patch of `spec`. A given policy or hook replaces the old one. The patch unpauses a placeholder. */
export function changeOf(existing: BackupConfiguration, wishes: ScheduleWishes): object {
  const { schedule, retention, snapshotClass, replicas, paused, pre, post, ...others } = wishes;
  const target = {
    ...(snapshotClass !== undefined && { snapshotClassName: snapshotClass }),
    ...(replicas !== undefined && { replicas }),
  };
  const hooks = { ...(pre && { preBackup: whole(pre) }), ...(post && { postBackup: whole(post) }) };
  const goesOn = paused ?? (isPlaceholder(existing) ? false : undefined);
  return {
    ...(schedule !== undefined && { schedule }),
    ...(goesOn !== undefined && { paused: goesOn }),
    ...(retention && { retentionPolicy: { ...noRules, ...retention } }),
    ...(Object.keys(target).length > 0 && { target }),
    ...(Object.keys(hooks).length > 0 && { hooks }),
    ...plainFields(others),
  };
}

/** Whether a merge patch would change anything. */
export function changes(value: unknown, patch: unknown): boolean {
  if (patch === null) return value !== undefined && value !== null;
  if (typeof patch !== 'object' || Array.isArray(patch))
    return JSON.stringify(value) !== JSON.stringify(patch);
  const fields = (value ?? {}) as Record<string, unknown>;
  return Object.entries(patch).some(([key, change]) => changes(fields[key], change));
}

/** Returns the result of applying a merge patch to `value`. */
export function merged<T extends object>(value: T, patch: object): T {
  const isObject = (field: unknown) => typeof field === 'object' && field !== null && !Array.isArray(field);
  const fields = new Map<string, unknown>(Object.entries(value));
  for (const [key, change] of Object.entries(patch) as [string, unknown][]) {
    const before = fields.get(key);
    if (change === null) fields.delete(key);
    else if (isObject(change))
      fields.set(key, merged(isObject(before) ? (before as object) : {}, change as object));
    else fields.set(key, change);
  }
  return Object.fromEntries(fields) as T;
}

/** @throws StashError 'precondition' if the existing configuration is not ours, or not for `target` */
export function checkOurs({ metadata, spec }: Stored<BackupConfiguration>, target: Target): Failure[] {
  const of = configuredTarget({ apiVersion: '', kind: '', metadata, spec });
  const why =
    metadata.deletionTimestamp !== undefined
      ? 'is being deleted'
      : of === undefined || formatTarget(of) !== formatTarget(target)
        ? `is for ${of === undefined ? 'something else' : formatTarget(of)}, not for ${formatTarget(target)}`
        : spec.driver !== 'VolumeSnapshotter'
          ? `has driver ${spec.driver ?? 'Restic'}, and only VolumeSnapshotter takes snapshots`
          : metadata.labels?.[label.managedBy] !== managedBy
            ? 'was not created by this program, which changes only its own'
            : undefined;
  if (why === undefined) return [];
  const { name, namespace = '' } = metadata;
  const hint = `give yours another name with --name, or change that one:\n${commandLine`kubectl edit backupconfiguration ${name} -n ${namespace}`}`;
  return [failure('precondition', `backupconfiguration/${name} ${why}`, { hint })];
}

/** Returns a failure 'usage' for each flag that a command line must give for a new schedule and does not. */
export function missingWishes({ schedule, retention }: ScheduleWishes): Failure[] {
  return [
    ...(schedule === undefined
      ? [failure('usage', 'schedule needs --cron SCHEDULE', { hint: 'add --cron "0 3 * * *"' })]
      : []),
    ...(retention === undefined
      ? [
          failure('usage', 'a --keep flag is required: without it, restore points would accumulate forever', {
            hint: 'add --keep-last 7, or --keep-all',
          }),
        ]
      : []),
  ];
}

/** Returns the next `count` runs after `from`, as RFC 3339 in UTC. */
export function nextRuns(schedule: string, from: Date, count: number): string[] {
  const due: string[] = [];
  for (let at = nextRun(schedule, from); at && due.length < count; at = nextRun(schedule, at))
    due.push(at.toISOString().replace('.000Z', 'Z'));
  return due;
}

const noRules = { ...Object.fromEntries(keepRules.map(({ field }) => [field, null])), dryRun: null };

function whole(hook: HookHandler): object {
  return { ...Object.fromEntries(handlerKinds.map((kind) => [kind, null])), containerName: null, ...hook };
}

function plainFields(
  wishes: Pick<ScheduleWishes, 'timeoutMs' | 'historyLimit' | 'retries' | 'retryDelayMs'>,
): Partial<Spec> {
  const { timeoutMs, historyLimit, retries, retryDelayMs } = wishes;
  const retry = {
    ...(retries !== undefined && { maxRetry: retries }),
    ...(retryDelayMs !== undefined && { delay: formatGoDuration(retryDelayMs) }),
  };
  return {
    ...(timeoutMs !== undefined && { timeOut: formatGoDuration(timeoutMs) }),
    ...(historyLimit !== undefined && { backupHistoryLimit: historyLimit }),
    ...(Object.keys(retry).length > 0 && { retryConfig: retry }),
  };
}
