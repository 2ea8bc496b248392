/** Tells the user when the server takes long to answer. */
import type { Clock } from '#src/domain/clock.ts';
import { formatDuration } from '#src/domain/duration.ts';

/** After so long without an answer, the command line prints that it waits. */
export const slowAnswerMs = 5_000;

/**
 * Resolves with the result of `work`. Calls `tell` if that takes longer than `afterMs`, unless `signal`
 * aborts first.
 */
export async function orTellSlow<T>(
  clock: Clock,
  signal: AbortSignal,
  { afterMs, tell }: { readonly afterMs: number; readonly tell: (words: string) => void },
  work: Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const waited = AbortSignal.any([signal, ended.signal]);
  void clock.sleep(afterMs, waited).then(() => {
    if (!waited.aborted) tell(`the server has not answered for ${formatDuration(afterMs)}`);
  });
  try {
    return await work;
  } finally {
    ended.abort();
  }
}
