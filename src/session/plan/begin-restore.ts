/** Creates the RestoreSession of a plan, or finds an unfinished one that restores the same. */
import { isDeepStrictEqual } from 'node:util';

import type { Named, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { isInPlace } from '#src/domain/session/in-place.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { HoldEnvironment } from '#src/session/holding/held.ts';
import { persist, untilNextSecond } from '#src/session/persist.ts';

import type { NamespaceReader } from './namespace-reader.ts';

type Env = HoldEnvironment;

/** Finds an unfinished session of any name that restores the same: the command, run again, continues it. */
export async function findUnfinishedRestore(
  reader: Pick<NamespaceReader, 'restoreSessions'>,
  wanted: RestoreSession,
): Promise<Stored<RestoreSession> | undefined> {
  const sessions = await reader.restoreSessions();
  return sessions.find(
    (session) =>
      !isFinal(session) && session.metadata.deletionTimestamp === undefined && isSame(session, wanted),
  );
}

/** Whether both sessions restore the same claims from the same snapshots, both in place or both not. */
function isSame(session: RestoreSession, wanted: RestoreSession): boolean {
  return (
    isInPlace(session) === isInPlace(wanted) &&
    session.metadata.annotations?.[annotation.restoredFrom] ===
      wanted.metadata.annotations?.[annotation.restoredFrom] &&
    isDeepStrictEqual(session.spec.target?.volumeClaimTemplates, wanted.spec.target?.volumeClaimTemplates)
  );
}

/**
 * Creates the session. If its name is taken, joins an unfinished session that restores the same; else, with `nameAt`,
 * takes the name of the next second; else rejects with 'already-exists'.
 */
export async function createRestore(
  environment: Env,
  session: Named<RestoreSession>,
  nameAt?: (at: Date) => string,
): Promise<Stored<RestoreSession>> {
  const { cluster, clock, signal } = environment;
  const { name, namespace } = session.metadata;
  try {
    return await persist(environment, () => cluster.create(restoreSessions, session));
  } catch (error) {
    if (!isStashError(error, 'already-exists')) throw error;
    const existing = await persist(environment, () => cluster.get(restoreSessions, name, namespace));
    if (isSame(existing, session) && !isFinal(existing)) return existing;
    if (nameAt) {
      await untilNextSecond(clock, signal);
      const metadata = { ...session.metadata, name: nameAt(clock.now()) };
      return createRestore(environment, { ...session, metadata }, nameAt);
    }
    throw new StashError(
      'already-exists',
      `restoresession/${name} exists already (${existing.status?.phase ?? 'Pending'})`,
      {
        hint: `give it another metadata.name, or delete the old one, which deletes no data:\n${commandLine`kubectl delete restoresession ${name} -n ${namespace ?? 'default'}`}`,
      },
    );
  }
}
