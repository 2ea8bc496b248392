import { setTimeout } from 'node:timers/promises';

/** After work that took so long, the next one starts this many times as long after it, but at most so late. */
const restTimes = 9;
const longestRestMs = 10_000;

/**
 * Returns `work` with a limit: it takes at most a tenth of the time, however often it is called. Calls that have to wait
 * share the next result.
 */
export function sparingly<T>(work: () => Promise<T>): () => Promise<T> {
  let rested = Promise.resolve();
  let next: Promise<T> | undefined;
  const run = async () => {
    await rested;
    next = undefined;
    const began = performance.now();
    const result = work();
    const rest = () => {
      const wait = (performance.now() - began) * restTimes;
      return setTimeout(Math.min(wait, longestRestMs), undefined, { ref: false });
    };
    rested = result.then(rest, rest);
    return await result;
  };
  return () => (next ??= run());
}
