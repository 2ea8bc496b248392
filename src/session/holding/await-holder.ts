/** Waits for a session that somebody else holds: until it is final, or whoever held it is dead. */
import type { Stored } from '#src/api/kubernetes.ts';
import { pods, type Resource } from '#src/api/resources.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import { byName } from '#src/cluster/by-name.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { waitFor, type WaitEnvironment } from '#src/cluster/wait-for.ts';
import { lifeLeft, sight, type Holder, type Sighting } from '#src/domain/session/holder.ts';
import { isPodNameOf } from '#src/domain/session/holder-life.ts';
import { isPodOver } from '#src/domain/session/job-state.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { Held } from './held.ts';
import { persist } from '#src/session/persist.ts';

export interface Vacancy<S extends BackupSession | RestoreSession> {
  readonly session: Stored<S>;
  /** Whom to replace; undefined: nobody holds it, or it is final. */
  readonly dead: Holder | undefined;
}

/**
 * `jobName`: of the session's Job; a holder that is one of its pods is dead as soon as that pod is gone or has ended.
 * Rejects with 'not-found' where the session is gone.
 */
export async function awaitHolder<S extends BackupSession | RestoreSession>(
  environment: WaitEnvironment,
  resource: Resource<S>,
  session: Stored<S>,
  jobName: string,
): Promise<Vacancy<S>> {
  const { name, namespace = '' } = session.metadata;
  return waitFor<Vacancy<S>>(environment, (watch) => {
    const observed = watch(resource, byName(session.metadata));
    let sighting: Sighting | undefined;
    return async (now) => {
      const current = observed.items.get(name);
      if (current === undefined) {
        throw new StashError('not-found', `${resource.kind.toLowerCase()}/${name} was deleted`);
      }
      if (isFinal(current)) return { result: { session: current, dead: undefined } };
      // What is not heard over a lost connection is no sign of death.
      sighting = sight(observed.lost() === undefined ? sighting : undefined, current, now);
      const { holder } = sighting;
      if (holder === undefined) return { result: { session: current, dead: undefined } };
      const left = lifeLeft(sighting, now);
      const isDead = left <= 0 || (await isOverPod(environment.cluster, { namespace, jobName }, holder));
      return isDead
        ? { result: { session: current, dead: holder } }
        : { until: new Date(now.getTime() + left) };
    };
  });
}

/** Somebody who took us for dead goes on with it. */
export function isTakenOver({ lost }: Pick<Held<BackupSession>, 'lost'>): boolean {
  return lost.aborted && isStashError(lost.reason, 'conflict');
}

export function lookAgain<S extends BackupSession | RestoreSession>(
  { cluster, clock, signal }: WaitEnvironment,
  resource: Resource<S>,
  { metadata }: Stored<S>,
): Promise<Stored<S>> {
  return persist(clock, signal, () => cluster.get(resource, metadata.name, metadata.namespace));
}

/** Whether a holder is a pod of this Job that is gone or has ended. */
async function isOverPod(
  cluster: Cluster,
  { namespace, jobName }: { namespace: string; jobName: string },
  { id }: Holder,
): Promise<boolean> {
  if (!isPodNameOf(id, jobName)) return false;
  try {
    return isPodOver(await cluster.get(pods, id, namespace));
  } catch (error) {
    if (isStashError(error, 'not-found')) return true;
    // Whoever may not look waits for the silence of the dead.
    if (isStashError(error, 'forbidden', 'unreachable', 'server')) return false;
    throw error;
  }
}
