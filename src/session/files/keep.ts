/** Keeps a file session for as long as its command lives, and deletes it then. */
import type { Stored } from '#src/api/kubernetes.ts';
import { restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { deleteSame } from '#src/cluster/delete-same.ts';
import type { WaitEnvironment } from '#src/cluster/wait-for.ts';
import { after } from '#src/domain/clock.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { extended, extendEveryMs } from '#src/domain/session/file-session.ts';
import { isStashError, StashError } from '#src/errors.ts';

import { persist } from '#src/session/persist.ts';

/** How long the end of a command waits for an API server that does not answer. */
const removeWithinMs = 30_000;

export interface Kept {
  /** Aborts, with a StashError as its reason, once the session is deleted. */
  readonly lost: AbortSignal;
  /** Deletes the session, and with it its claim and its pod. Only tells what prevents that. */
  release(): Promise<void>;
}

/** Extends the session's deadline again and again. */
export function keep(
  { cluster, clock, tell }: Pick<WaitEnvironment, 'cluster' | 'clock' | 'tell'>,
  session: Stored<RestoreSession>,
): Kept {
  const { name, namespace, uid } = session.metadata;
  const over = new AbortController();
  const lost = new AbortController();
  const extendUntilOver = async () => {
    for (;;) {
      await clock.sleep(extendEveryMs, over.signal);
      if (over.signal.aborted) return;
      const patch = { metadata: { uid, annotations: extended(clock.now()) } };
      try {
        await cluster.patch(restoreSessions, { name, namespace }, patch);
      } catch (error) {
        // Whatever else it is, the next attempt comes well before the deadline.
        if (!isStashError(error, 'not-found', 'conflict')) continue;
        lost.abort(new StashError('gone', `restoresession/${name} was deleted: its files are gone`));
        return;
      }
    }
  };
  void extendUntilOver();
  return {
    lost: lost.signal,
    async release() {
      over.abort();
      if (lost.signal.aborted) return;
      const environment = { clock, tell, signal: new AbortController().signal };
      const remove = () => deleteSame(cluster, restoreSessions, session, { propagation: 'Background' });
      try {
        await persist(environment, remove, { until: after(clock, removeWithinMs) });
      } catch (error) {
        if (!isStashError(error)) throw error;
        tell(
          `restoresession/${name} could not be deleted: ${error.message}; an operator, or a later browse, cp or diff, deletes it, or: ${commandLine`kubectl delete restoresession ${name} -n ${namespace ?? 'default'}`}`,
        );
      }
    },
  };
}
