/** Plays an operator of our own: a status on every configuration, and it holds a session before it does anything. */
import type { Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { backupConfigurations, backupSessions, restoreSessions } from '#src/api/resources.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import { formatHolder } from '#src/domain/session/holder.ts';
import { defaultTimeoutMs, isFinal } from '#src/domain/session/session-status.ts';
import { readTarget } from '#src/domain/workload/target.ts';
import { runBackup } from '#src/session/backup.ts';
import { hold } from '#src/session/hold.ts';
import { planBackup } from '#src/session/plan-backup.ts';
import { planRestore } from '#src/session/plan-restore.ts';
import { runRestore } from '#src/session/restore.ts';
import { lookAround } from '#src/session/surroundings.ts';

import { isOlderThan, play, writeStatus, type Player, type Stage } from './play.ts';

export interface OwnManners {
  /** Until it takes a session; default 0. */
  readonly takesAfterMs?: number;
  /** Holds a session, and is then heard of no more. */
  readonly dies?: boolean;
}

export const ownId = 'operator-0';

export function playOwnOperator(stage: Stage, { takesAfterMs = 0, dies = false }: OwnManners = {}): Player {
  const { cluster, clock, namespace } = stage;
  const leaving = new AbortController();
  const environment = { cluster, clock, signal: leaving.signal, onChange: () => undefined };
  const begun = new Set<string>();

  const isDue = (session: Stored<BackupSession> | Stored<RestoreSession>): boolean => {
    const { uid } = session.metadata;
    if (isFinal(session) || begun.has(uid) || !isOlderThan(session, takesAfterMs, stage)) return false;
    begun.add(uid);
    return true;
  };

  const player = play(stage, {
    async configuration(configuration) {
      if (configuration.status?.phase === 'Ready') return;
      await writeStatus(stage, backupConfigurations, configuration, { phase: 'Ready' });
    },

    async session(session) {
      const target = readTarget(session);
      if (!isDue(session) || target === undefined) return;
      if (dies) {
        const annotations = { [annotation.executor]: formatHolder({ id: ownId, counter: 0 }) };
        const { name, resourceVersion } = session.metadata;
        await cluster.patch(
          backupSessions,
          { name, namespace },
          { metadata: { resourceVersion, annotations } },
        );
        return;
      }
      const held = await hold(environment, backupSessions, session, ownId);
      if (held === undefined) return;
      const plan = await planBackup(lookAround(cluster, namespace), { target, user: ownId });
      await runBackup(environment, { held, ...plan, timeoutMs: defaultTimeoutMs, failFast: false });
      await held.release();
    },

    async restore(session) {
      if (!isDue(session)) return;
      const held = await hold(environment, restoreSessions, session, ownId);
      if (held === undefined) return;
      const request = { templates: expandTemplates(session), user: ownId };
      const plan = await planRestore(lookAround(cluster, namespace), request);
      await runRestore(environment, {
        held,
        target: readTarget(session),
        namespace,
        ...plan,
        timeoutMs: defaultTimeoutMs,
      });
      await held.release();
    },
  });
  return {
    stop: () => {
      leaving.abort();
      return player.stop();
    },
  };
}
