/** Selects restore points by the words and flags of `list`. */
import { label } from '#src/api/labels.ts';
import type { TargetArguments } from '#src/domain/arguments/target-arguments.ts';
import type { LabelQuery, Labels } from '#src/domain/workload/label-query.ts';

import type { RestorePoint } from './restore-points.ts';
import type { PointTarget } from './snapshot-groups.ts';

export interface PointSelection {
  readonly targets: TargetArguments | undefined;
  /** Select restore points that were taken at this time or later. */
  readonly since: Date | undefined;
  readonly query: LabelQuery | undefined;
}

/** By `workloadKey`: the labels of the workloads that exist. */
export type WorkloadLabels = ReadonlyMap<string, Labels>;

export function workloadKey(namespace: string, { kind, name }: Pick<PointTarget, 'kind' | 'name'>): string {
  return `${namespace}/${kind}/${name}`;
}

export function isSelected(
  point: RestorePoint,
  { targets, since, query }: PointSelection,
  workloads: WorkloadLabels,
): boolean {
  if (targets && !isAmong(point, targets)) return false;
  if (since && point.takenAt < since) return false;
  return query === undefined || labelsOf(point, workloads).some(query);
}

function isAmong({ target }: RestorePoint, { kinds, names }: TargetArguments): boolean {
  if (names.length === 0) return kinds.some((kind) => kind === target?.kind);
  return names.some(({ kind, name }) => kind === target?.kind && name === target.name);
}

/**
 * Returns for each claim the labels of its snapshot, with those of the workload. If the workload no longer exists,
 * takes the labels that the claim had when its snapshot was taken.
 */
function labelsOf({ namespace, target, claims }: RestorePoint, workloads: WorkloadLabels): Labels[] {
  const workload = target && workloads.get(workloadKey(namespace, target));
  if (claims.length === 0) return [workload ?? {}];
  return claims.map(({ snapshot, source }) => {
    // Each snapshot has this label. On a workload, it names another program.
    const own = Object.entries(snapshot?.metadata.labels ?? {}).filter(([name]) => name !== label.managedBy);
    return { ...Object.fromEntries(own), ...(workload ?? source?.labels) };
  });
}
