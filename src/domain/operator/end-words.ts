/** Says how a session ended, in one line for its Events. */
import { stashCondition } from '#src/api/conditions.ts';
import type { Condition, Stored } from '#src/api/kubernetes.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import { conditionWords } from '#src/domain/condition-words.ts';
import { formatDuration, parseDuration } from '#src/domain/duration.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { isTidyCondition } from '#src/domain/retention/tidy-conditions.ts';
import { isInPlace } from '#src/domain/in-place/record.ts';
import { tellsFailure } from '#src/domain/session/session-status.ts';

export interface EndWords {
  readonly type: 'Normal' | 'Warning';
  /** `BackupFailed` */
  readonly reason: string;
  readonly message: string;
}

export function backupEnd({ status }: Stored<BackupSession>): EndWords {
  const phase = status?.phase ?? 'Unknown';
  const stats = (status?.targets ?? []).flatMap((target) => target.stats ?? []);
  const conditions = [
    ...(status?.conditions ?? []),
    ...(status?.targets ?? []).flatMap((target) => target.conditions ?? []),
  ];
  const ready = stats.filter((host) => host.phase === 'Succeeded').length;
  const took = duration(status?.sessionDuration);
  if (phase === 'Succeeded') {
    const all = ready === 1 ? 'its snapshot is ready' : `all ${ready} snapshots are ready`;
    return { type: 'Normal', reason: 'BackupSucceeded', message: `${all}${took}` };
  }
  return failed('Backup', phase, whyNot(conditions, stats), took);
}

export function restoreEnd(session: Stored<RestoreSession>): EndWords {
  const { status } = session;
  const phase = status?.phase ?? 'Unknown';
  const { stats = [], conditions = [] } = status ?? {};
  const took = duration(status?.sessionDuration);
  if (phase === 'Succeeded') {
    const bound = stats.length === 1 ? 'its claim is bound' : `all ${stats.length} claims are bound`;
    const all = isInPlace(session) ? 'its claims have their new volumes' : bound;
    return { type: 'Normal', reason: 'RestoreSucceeded', message: `${all}${took}` };
  }
  if (phase === 'Unknown') {
    const waiting = stats.filter((host) => host.phase === 'Unknown').map(({ hostname = '' }) => hostname);
    const message = `the claims exist, and are bound once a pod uses them: ${waiting.join(', ')}`;
    return { type: 'Normal', reason: 'RestoreUnknown', message: sanitize(message) };
  }
  return failed('Restore', phase, whyNot(conditions, stats), took);
}

function failed(kind: string, phase: string, why: string, took: string): EndWords {
  const type = phase === 'Skipped' ? 'Normal' : 'Warning';
  return { type, reason: `${kind}${phase}`, message: `${sanitize(why)}${phase === 'Skipped' ? '' : took}` };
}

interface Host {
  readonly hostname?: string;
  readonly error?: string;
}

/** Joins the messages of failed conditions, then the errors of single claims. */
function whyNot(conditions: readonly Condition[], stats: readonly Host[]): string {
  const told = conditions
    .filter((condition) => !isTidyCondition(condition))
    .filter(
      (condition) =>
        condition.type === stashCondition.backupSkipped.type ||
        (condition.type !== stashCondition.restoreTargetAbsent.type && tellsFailure(condition)),
    );
  const words = [
    ...told.map((condition) => conditionWords(condition) ?? ''),
    ...stats.flatMap(({ hostname = '', error }) => (error === undefined ? [] : [`${hostname}: ${error}`])),
  ].filter((word) => word !== '');
  return words.length === 0 ? 'no reason is given in its status' : [...new Set(words)].join('; ');
}

function duration(text: string | undefined): string {
  const took = parseDuration(text ?? '');
  return took === undefined ? '' : ` (after ${formatDuration(took)})`;
}
