/** Waits, while another executor holds a session, until the session is final or its holder has died. */
import type { Stored } from '#src/api/kubernetes.ts';
import { pods, type Resource } from '#src/api/resources.ts';
import type { BackupSession, AnySession } from '#src/api/stash.ts';
import { byName } from '#src/cluster/by-name.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { waitFor, type WaitEnvironment } from '#src/cluster/wait-for.ts';
import { lifeLeft, sight, type Holder, type Sighting } from '#src/domain/session/holder.ts';
import { isPodNameOf } from '#src/domain/session/holder-life.ts';
import { isPodOver } from '#src/domain/session/job-state.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { sessionNamed } from '#src/domain/session/verdict-error.ts';
import { isStashError, StashError } from '#src/errors.ts';

import type { Held } from './held.ts';
import { persist } from '#src/session/persist.ts';

export interface Vacancy<S extends AnySession> {
  readonly session: Stored<S>;
  /** The holder to replace. Undefined if the session has no holder, or is final. */
  readonly dead: Holder | undefined;
}

/**
 * Resolves when the session is final or may be taken over. `jobName` is the session's Job: a holder that is a pod of
 * this Job counts as dead as soon as that pod is gone or has ended. Rejects with 'not-found' if the session was
 * deleted.
 */
export async function awaitHolder<S extends AnySession>(
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
        throw new StashError('not-found', `${sessionNamed(resource, name)} was deleted`);
      }
      if (isFinal(current)) return { result: { session: current, dead: undefined } };
      // While the watch is disconnected, a missing renewal says nothing about the holder: start counting again.
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

/** Whether another executor has taken the session over from this one. */
export function isTakenOver({ lost }: Pick<Held<BackupSession>, 'lost'>): boolean {
  return lost.aborted && isStashError(lost.reason, 'conflict');
}

/** Reads the session as the API server has it now. */
export function lookAgain<S extends AnySession>(
  environment: WaitEnvironment,
  resource: Resource<S>,
  { metadata }: Stored<S>,
): Promise<Stored<S>> {
  return persist(environment, () => environment.cluster.get(resource, metadata.name, metadata.namespace));
}

/** Whether the holder is a pod of this Job that is gone or has ended. */
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
    // A user who may not read pods waits until the holder has not renewed for too long.
    if (isStashError(error, 'forbidden', 'unreachable', 'server')) return false;
    throw error;
  }
}
