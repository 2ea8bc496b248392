/** Deletes the file sessions of commands that have died. */
import type { Stored } from '#src/api/kubernetes.ts';
import { restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { isAbandoned } from '#src/domain/session/file-session.ts';
import { isStashError } from '#src/errors.ts';

const deletionsAtOnce = 8;

/** A user who may not delete sessions leaves them to another user or to an operator. */
export async function removeAbandoned(
  {
    cluster,
    now,
    tell,
  }: { readonly cluster: Cluster; readonly now: Date; readonly tell: (line: string) => void },
  sessions: readonly Stored<RestoreSession>[],
): Promise<void> {
  const abandoned = sessions.filter((session) => isAbandoned(session, now));
  await forEachBounded(abandoned, deletionsAtOnce, async ({ metadata }) => {
    const { name, uid } = metadata;
    try {
      await cluster.delete(restoreSessions, metadata, { uid, propagation: 'Background' });
      tell(`restoresession/${name} was left by a command that has died: deleted, with its claim and its pod`);
    } catch (error) {
      if (!isStashError(error, 'not-found', 'conflict', 'forbidden')) throw error;
    }
  });
}
