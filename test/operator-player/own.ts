/** Simulates our own operator: writes a status to every configuration, and holds a session before acting on it. */
import type { Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { backupConfigurations, backupSessions } from '#src/api/resources.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import { formatHolder } from '#src/domain/session/holder.ts';
import { timeLimitMs, isFinal } from '#src/domain/session/session-status.ts';
import { readTarget } from '#src/domain/workload/target.ts';
import { hold } from '#src/session/holding/hold.ts';
import { backup } from '#src/session/kinds/backup.ts';
import { restore } from '#src/session/kinds/restore.ts';
import { planBackup } from '#src/session/plan/plan-backup.ts';
import { planRestore } from '#src/session/plan/plan-restore.ts';
import { runSession } from '#src/session/run/run-session.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';

import { isOlderThan, play, writeStatus, type Player, type Stage } from './play.ts';

export interface OwnManners {
  /** Delay before it takes a session; default 0. */
  readonly takesAfterMs?: number;
  /** It takes a session and then never renews its hold. */
  readonly dies?: boolean;
}

export const ownId = 'operator-0';

export function playOwnOperator(stage: Stage, { takesAfterMs = 0, dies = false }: OwnManners = {}): Player {
  const { cluster, clock, namespace } = stage;
  const leaving = new AbortController();
  const environment = {
    cluster,
    clock,
    signal: leaving.signal,
    tell: () => undefined,
    onChange: () => undefined,
  };
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
      const held = await hold(environment, backup, session, ownId);
      if (held === undefined) return;
      const plan = await planBackup(readerOf(cluster, namespace), { target, user: ownId });
      await runSession(environment, backup, { held, plan, context: {}, timeoutMs: timeLimitMs(undefined) });
      await held.release();
    },

    async restore(session) {
      if (!isDue(session)) return;
      const held = await hold(environment, restore, session, ownId);
      if (held === undefined) return;
      const request = { templates: expandTemplates(session), user: ownId };
      const plan = await planRestore(readerOf(cluster, namespace), request);
      await runSession(environment, restore, {
        ...{ held, context: {}, timeoutMs: timeLimitMs(undefined) },
        plan: { ...plan, target: readTarget(session) },
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
