/** Checks and writes the BackupConfiguration that `schedule` asks for. */
import type { Named, Stored } from '#src/api/kubernetes.ts';
import { isPlaceholder } from '#src/domain/backup/placeholder.ts';
import { appscodeOperatorGroup } from '#src/api/labels.ts';
import { backupConfigurations } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { classForAppscode, retentionBesideAppscode } from '#src/domain/backup/appscode.ts';
import { refuse } from '#src/domain/finding.ts';
import type { Right } from '#src/domain/rights.ts';
import {
  buildScheduled,
  changeOf,
  changes,
  checkOurs,
  merged,
  missingWishes,
  type ScheduleWishes,
} from '#src/domain/configuration/schedule-configuration.ts';
import type { Target } from '#src/domain/workload/target.ts';

import { planBackup } from './plan-backup.ts';
import type { NamespaceReader } from './namespace-reader.ts';

export interface ScheduleRequest {
  readonly target: Target;
  /** The configuration's name. */
  readonly name: string;
  readonly wishes: ScheduleWishes;
  /** The command watches the configuration afterwards. */
  readonly wait: boolean;
  /** The user's name, for messages. */
  readonly user: string;
}

export interface ScheduleWrite {
  readonly outcome: 'created' | 'configured' | 'unchanged';
  readonly existing: Stored<BackupConfiguration> | undefined;
  /** A merge patch. Empty if the command creates the configuration. */
  readonly patch: object;
  readonly after: Named<BackupConfiguration>;
}

/** Reads only, and writes nothing. Rejects with a StashError for the first problem. */
export async function planSchedule(
  reader: NamespaceReader,
  { target, name, wishes, wait, user }: ScheduleRequest,
): Promise<ScheduleWrite> {
  const existing = (await reader.configurations()).find(({ metadata }) => metadata.name === name);
  if (existing) refuse(checkOurs(existing, target));
  // Another configuration of the same target is no obstacle: a target may have several.
  const alone = { ...reader, configurations: () => Promise.resolve(existing ? [existing] : []) };
  const { snapshotClass } = wishes;
  const plan = await planBackup(alone, { target, user, snapshotClass, configuration: existing && name });
  const begins = existing === undefined || isPlaceholder(existing);
  if (begins) refuse(missingWishes(wishes));
  await reader.demand(user, rightsForSchedule(existing === undefined, wait));
  if (!(await reader.groups()).includes(appscodeOperatorGroup)) {
    return writeOf(target, name, existing, wishes);
  }
  refuse(retentionBesideAppscode(wishes.retention));
  const wanted = classForAppscode(target, plan.planned, existing);
  return writeOf(target, name, existing, existing ? wishes : { ...wishes, snapshotClass: wanted });
}

function rightsForSchedule(fresh: boolean, wait: boolean): Right[] {
  const verbs = [fresh ? 'create' : 'patch', 'list', ...(wait ? (['watch'] as const) : [])] as const;
  return verbs.map((verb) => ({ verb, resource: backupConfigurations }));
}

function writeOf(
  target: Target,
  name: string,
  existing: Stored<BackupConfiguration> | undefined,
  wishes: ScheduleWishes,
): ScheduleWrite {
  if (existing === undefined) {
    return { outcome: 'created', existing, patch: {}, after: buildScheduled(target, name, wishes) };
  }
  const spec = changeOf(existing, wishes);
  const outcome = changes(existing.spec, spec) ? 'configured' : 'unchanged';
  return { outcome, existing, patch: { spec }, after: { ...existing, spec: merged(existing.spec, spec) } };
}

/** Resolves with the configuration as stored; in a dry run, as it would be stored. */
export async function writeSchedule(
  cluster: Cluster,
  { outcome, existing, patch, after }: ScheduleWrite,
  dryRun: 'client' | 'server' | undefined,
): Promise<Named<BackupConfiguration>> {
  if (dryRun === 'client' || outcome === 'unchanged') return after;
  const options = dryRun === 'server' ? { dryRun: true } : {};
  if (existing === undefined) return cluster.create(backupConfigurations, after, options);
  const { name, namespace } = existing.metadata;
  return cluster.patch(backupConfigurations, { name, namespace }, patch, options);
}
