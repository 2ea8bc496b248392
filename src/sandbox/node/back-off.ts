/** The kubelet's delay before it restarts a container. */
const first = 10_000;
const longest = 300_000;
/** A container that has run this long without a restart starts with the first delay again. */
const forgottenAfter = 2 * longest;

export interface BackOff {
  /** Returns the milliseconds between the end of a run, at `endedAt`, and the next start. */
  next(endedAt: number): number;
}

/**
 * The first restart comes at once; those after it 10 s, 20 s, 40 s ... 5 min after the end of the last run.
 */
export function createBackOff(): BackOff {
  let next = 0;
  let restartedAt = -Infinity;
  return {
    next(endedAt) {
      if (endedAt - restartedAt > forgottenAfter) next = 0;
      const wait = next;
      next = wait === 0 ? first : Math.min(wait * 2, longest);
      restartedAt = endedAt + wait;
      return wait;
    },
  };
}

/** Formats whole seconds as Go does: `10s`, `1m20s`. */
export function formatBackOff(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
