/** Writes of the operator to a session that another process may hold. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { AnySession } from '#src/api/stash.ts';
import { annotate } from '#src/session/holding/held.ts';
import { isStashError } from '#src/errors.ts';

import type { Cache } from './cache.ts';
import type { World } from './world.ts';

export interface Kept<S extends AnySession> {
  readonly resource: Resource<S>;
  readonly cache: Cache<S>;
}

/**
 * Writes the status that `change` returns for the session, and repeats with the current session after a conflict. Where
 * `change` returns undefined, nothing is written. Resolves with the session as the API server holds it then.
 */
export async function changeStatus<S extends AnySession>(
  { cluster }: World,
  { resource, cache }: Kept<S>,
  session: Stored<S>,
  change: (present: Stored<S>) => S['status'] | undefined,
): Promise<Stored<S>> {
  const { name, namespace } = session.metadata;
  for (let present = session; ; present = await cluster.get(resource, name, namespace)) {
    const status = present.metadata.uid === session.metadata.uid ? change(present) : undefined;
    if (status === undefined) {
      cache.learn(present);
      return present;
    }
    const { resourceVersion } = present.metadata;
    try {
      const patch = { metadata: { resourceVersion }, status };
      const changed = await cluster.patch(resource, { name, namespace }, patch, { subresource: 'status' });
      cache.learn(changed);
      return changed;
    } catch (error) {
      if (!isStashError(error, 'conflict')) throw error;
    }
  }
}

/**
 * Removes the hold of a holder that counts as dead.
 * @throws StashError 'conflict' if the session has changed since
 */
export async function giveBack<S extends AnySession>(
  { cluster }: World,
  { resource, cache }: Kept<S>,
  { metadata }: Stored<S>,
): Promise<void> {
  const { name, namespace, resourceVersion } = metadata;
  const patch = { metadata: { resourceVersion, ...annotate(undefined).metadata } };
  cache.learn(await cluster.patch(resource, { name, namespace }, patch));
}
