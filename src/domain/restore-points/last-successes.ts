/** When backups last succeeded, from the sessions that still exist. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupSession } from '#src/api/stash.ts';

import { parseDuration } from '#src/domain/duration.ts';
import { createdAt } from '#src/domain/session/session-status.ts';

/** By `namespace/invoker`: when the last successful session ended, in seconds since the epoch. */
export function lastSuccesses(sessions: Iterable<Stored<BackupSession>>): Map<string, number> {
  const last = new Map<string, number>();
  for (const session of sessions) {
    const { status, spec, metadata } = session;
    if (status?.phase !== 'Succeeded') continue;
    const id = `${metadata.namespace ?? ''}/${spec.invoker.name}`;
    const ended = createdAt(session).getTime() + (parseDuration(status.sessionDuration ?? '') ?? 0);
    last.set(id, Math.max(last.get(id) ?? 0, ended / 1000));
  }
  return last;
}
