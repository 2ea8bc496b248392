/** Takes a session, conditionally on its resourceVersion, so that one executor at a time works on it. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { AnySession } from '#src/api/stash.ts';
import { readHolder, type Holder } from '#src/domain/session/holder.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { isStashError } from '#src/errors.ts';

import { annotate, createHeld, type Held, type HeldKind, type HoldEnvironment } from './held.ts';
import { persist } from '#src/session/persist.ts';

/**
 * Takes the session for `id`. Resolves with undefined if the session is final, or if its holder is another than
 * `replacing`, which the caller has seen dead. Rejects with 'not-found' if the session was deleted.
 */
export async function hold<S extends AnySession>(
  environment: HoldEnvironment,
  kind: HeldKind<S>,
  session: Stored<S>,
  id: string,
  replacing?: Holder,
): Promise<Held<S> | undefined> {
  const { cluster } = environment;
  const { resource } = kind;
  const at = { name: session.metadata.name, namespace: session.metadata.namespace };
  const look = () => cluster.get(resource, at.name, at.namespace);
  for (let current = session; ; current = await persist(environment, look)) {
    const holder = readHolder(current);
    if (isFinal(current)) return undefined;
    if (holder?.id === id) return createHeld(environment, kind, current, holder);
    if (holder !== undefined && !isSame(holder, replacing)) return undefined;
    const taken = { id, counter: 0 };
    const { resourceVersion } = current.metadata;
    const patch = { metadata: { resourceVersion, ...annotate(taken).metadata } };
    try {
      const held = await persist(environment, () => cluster.patch(resource, at, patch));
      return createHeld(environment, kind, held, taken);
    } catch (error) {
      // Another client wrote between the read and the patch: try again.
      if (!isStashError(error, 'conflict')) throw error;
    }
  }
}

function isSame(a: Holder, b: Holder | undefined): boolean {
  return a.id === b?.id && a.counter === b.counter;
}
