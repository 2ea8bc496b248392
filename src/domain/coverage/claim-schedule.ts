/** A BackupConfiguration whose sessions take snapshots, as `coverage` keeps it: a cluster has thousands. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { isPlaceholder } from '#src/domain/backup/placeholder.ts';
import { defined } from '#src/domain/defined.ts';
import { configuredTarget } from '#src/domain/operator/check-configuration.ts';
import type { Target } from '#src/domain/workload/target.ts';

export interface ClaimSchedule {
  readonly name: string;
  readonly target: Target;
  /** Milliseconds. */
  readonly created: number;
  readonly paused: boolean;
  /** Was created for snapshots by hand: its schedule is a placeholder. */
  readonly byHand: boolean;
  readonly schedule?: string;
  /** How many ordinals of a StatefulSet the sessions take snapshots of. If left out, all of them. */
  readonly replicas?: number;
}

/** None if another driver makes its backups, or if its target is invalid. */
export function claimSchedules(configuration: Stored<BackupConfiguration>): ClaimSchedule[] {
  const { metadata, spec } = configuration;
  const target = spec.driver === 'VolumeSnapshotter' ? configuredTarget(configuration) : undefined;
  if (target === undefined) return [];
  const schedule = defined({
    name: metadata.name,
    target,
    created: Date.parse(metadata.creationTimestamp),
    paused: spec.paused ?? false,
    byHand: isPlaceholder(configuration),
    schedule: spec.schedule,
    replicas: spec.target?.replicas,
  });
  return [schedule];
}
