/** How long a kubelet waits before it starts a container that has ended once more. */
const first = 10_000;
const longest = 300_000;
/** After so long without a restart it begins from the start. */
const forgottenAfter = 2 * longest;

export interface BackOff {
  /** Milliseconds from the end of a run, at `endedAt`, to the next start. */
  next(endedAt: number): number;
}

/** The first restart comes at once, those after it 10 s, 20 s, 40 s ... 5 min after the end before them. */
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

/** As Go prints a duration of whole seconds: `10s`, `1m20s`. */
export function formatBackOff(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
