/** Waits for an operator to take a session. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { AnySession } from '#src/api/stash.ts';
import { byName } from '#src/cluster/by-name.ts';
import { waitFor, type WaitEnvironment } from '#src/cluster/wait-for.ts';
import { after } from '#src/domain/clock.ts';
import { readHolder } from '#src/domain/session/holder.ts';

/**
 * Resolves when the session has a status or a holder, or was deleted. Resolves with undefined if that does not happen
 * within `withinMs`.
 */
export async function awaitPickUp<S extends AnySession>(
  environment: WaitEnvironment,
  resource: Resource<S>,
  session: Stored<S>,
  withinMs: number,
): Promise<Stored<S> | undefined> {
  const until = after(environment.clock, withinMs);
  return waitFor(environment, (watch) => {
    const observed = watch(resource, byName(session.metadata));
    return (now) => {
      const current = observed.items.get(session.metadata.name);
      if (current === undefined) return { result: session };
      // The operator writes a status when it creates the Job, before the Job takes the session.
      if (current.status !== undefined || readHolder(current)) return { result: current };
      return now >= until ? { result: undefined } : { until };
    };
  });
}
