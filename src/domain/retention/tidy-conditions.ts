/** Builds the conditions of a session about retention and history, which follow its end. */
import { stashCondition } from '#src/api/conditions.ts';
import type { Condition, Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration, BackupSession, RetentionPolicy } from '#src/api/stash.ts';

import { lineOf, type RetentionPlan } from './retention.ts';
import { hasRules, retentionProblem } from './retention-rules.ts';
import { findCondition, isFinal } from '#src/domain/session/session-status.ts';

export const retentionType = stashCondition.retentionApplied.type;
export const historyType = stashCondition.historyCleaned.type;

export type TidyType = typeof retentionType | typeof historyType;

export type TidyCondition = Omit<Condition, 'lastTransitionTime'> & { readonly message: string };

const conditions: Readonly<Record<TidyType, { readonly done: Condition; readonly failed: Condition }>> = {
  [retentionType]: { done: stashCondition.retentionApplied, failed: stashCondition.retentionNotApplied },
  [historyType]: { done: stashCondition.historyCleaned, failed: stashCondition.historyNotCleaned },
};

/** People read conditions: they list at most so many names. */
const namesTold = 10;

export function tidyCondition(type: TidyType, done: boolean, message: string): TidyCondition {
  return { ...conditions[type][done ? 'done' : 'failed'], message };
}

/** Whether a condition is about retention or history, and so does not say how the session ended. */
export function isTidyCondition({ type }: Condition): boolean {
  return Object.hasOwn(conditions, type);
}

/**
 * Returns the conditions that are still missing after the end of a session. Retention follows only a scheduled session
 * that succeeded.
 */
export function tidyingLeft(session: Stored<BackupSession>, { spec }: BackupConfiguration): TidyType[] {
  if (!isFinal(session) || session.metadata.deletionTimestamp !== undefined) return [];
  const retains =
    session.status?.phase === 'Succeeded' &&
    lineOf(session) === 'schedule' &&
    (hasRules(spec.retentionPolicy) || retentionProblem(spec.retentionPolicy) !== undefined);
  const types: TidyType[] = retains ? [retentionType, historyType] : [historyType];
  return types.filter((type) => findCondition(session, type) === undefined);
}

/** Returns the message after retention was applied: `keep-last-2: 3 snapshots stay, 2 deleted: data-1, logs-1`. */
export function tellRetention(policy: RetentionPolicy, { stay, go }: RetentionPlan): string {
  const stays = `${policy.name}: ${snapshots(stay.length)} ${stay.length === 1 ? 'stays' : 'stay'}`;
  if (go.length === 0) return `${stays}, nothing to delete`;
  const names = list(go.map(({ snapshot }) => snapshot.metadata.name));
  if (!policy.prune) return `${stays}; prune is false, so nothing is deleted: ${names} would go`;
  if (policy.dryRun === true) return `${stays}; dryRun is true, so nothing is deleted: ${names} would go`;
  return `${stays}, ${go.length} deleted: ${names}`;
}

export function tellHistory(limit: number, forgotten: readonly string[]): string {
  if (forgotten.length === 0) return `backupHistoryLimit ${limit}: nothing to delete`;
  return `backupHistoryLimit ${limit}: deleted ${list(forgotten)}`;
}

function snapshots(count: number): string {
  return count === 1 ? '1 snapshot' : `${count} snapshots`;
}

function list(names: readonly string[]): string {
  const more = names.length - namesTold;
  return more <= 0 ? names.join(', ') : `${names.slice(0, namesTold).join(', ')} and ${more} more`;
}
