/** Whether an operator that is presumed to be there takes a session. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import { createLoop } from '#src/cluster/loop.ts';
import { observe } from '#src/cluster/observe.ts';
import { readHolder } from '#src/domain/session/holder.ts';

import type { Environment } from './environment.ts';

/** The session as soon as it has a status or a holder, or is gone; undefined: not within `withinMs`. */
export async function awaitPickUp<S extends BackupSession | RestoreSession>(
  { cluster, clock, signal }: Pick<Environment, 'cluster' | 'clock' | 'signal'>,
  resource: Resource<S>,
  session: Stored<S>,
  withinMs: number,
): Promise<Stored<S> | undefined> {
  const { name, namespace } = session.metadata;
  const until = new Date(clock.now().getTime() + withinMs);
  using loop = createLoop(clock, signal);
  const scope = { namespace, fieldSelector: `metadata.name=${name}` };
  const observed = observe(cluster, resource, scope, loop.signal, loop.ring);
  await loop.race(observed.synced);
  for (;;) {
    const failure = observed.failure();
    if (failure) throw failure;
    const current = observed.items.get(name);
    if (current === undefined) return session;
    // An operator tells of the Job that it has made before that has begun.
    if (current.status !== undefined || readHolder(current)) return current;
    if (clock.now() >= until) return undefined;
    await loop.wait(until);
  }
}
