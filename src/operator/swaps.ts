/** Finds the restore in place of a workload, of which no new snapshot is taken meanwhile. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import type { Clock } from '#src/domain/clock.ts';
import { mayBeStopped } from '#src/domain/in-place/interrupted.ts';
import { isSwapOf, isUnfinishedSwap } from '#src/domain/in-place/unfinished-swap.ts';
import { lifeLeft, sight, type Sighting } from '#src/domain/session/holder.ts';
import type { Target } from '#src/domain/workload/target.ts';

import type { Cache } from './cache.ts';

export interface Swaps {
  /** Left out is one whose command line has died before it stopped the workload: nobody might ever go on with it. */
  of(target: Target): Stored<RestoreSession> | undefined;
}

export function watchSwaps(cache: Cache<RestoreSession>, clock: Pick<Clock, 'now'>): Swaps {
  /** By namespace and name: if a session takes the name of another, the cache need not tell that that one is gone. */
  const unfinished = new Map<
    string,
    { readonly session: Stored<RestoreSession>; readonly sighting: Sighting }
  >();
  cache.onChange((session, deleted) => {
    const { namespace = '', name } = session.metadata;
    const key = `${namespace}/${name}`;
    if (deleted || !isUnfinishedSwap(session)) {
      unfinished.delete(key);
      return;
    }
    const sighting = sight(unfinished.get(key)?.sighting, session, clock.now());
    unfinished.set(key, { session, sighting });
  });
  return {
    of(target) {
      for (const { session, sighting } of unfinished.values()) {
        if (session.metadata.namespace !== target.namespace || !isSwapOf({ target }, session)) continue;
        if (mayBeStopped(session) || lifeLeft(sighting, clock.now()) > 0) return session;
      }
      return undefined;
    },
  };
}
