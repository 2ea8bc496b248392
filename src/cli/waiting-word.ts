/** A word for the user while the server has not given its first answer. */
import type { RequestWatch } from '#src/cluster/http.ts';
import { slowAnswerMs } from '#src/cluster/slow-answer.ts';
import { formatDuration } from '#src/domain/duration.ts';

import type { Context } from './context.ts';
import { printLine } from './print-line.ts';

/** The program itself has taken most of the 300 ms after which a user should see something. */
const wordAfterMs = 100;
const eraseLine = '\u001b[G\u001b[K';

/**
 * Returns what watches the requests to `server`. On a terminal it writes a line soon, and takes it away when an answer
 * begins or none will come; else it calls `warn` after 5 s, once.
 */
export function waitingWord(
  context: Pick<Context, 'err' | 'isTTY' | 'env' | 'now' | 'sleep'>,
  server: string,
  warn: (words: string) => void,
): RequestWatch {
  const afterMs = context.isTTY ? wordAfterMs : slowAnswerMs;
  let since: number | undefined;
  let isAnswered = false;
  let isTold = false;
  /** The first request that fails ends it, since the command may then print why; the next request begins anew. */
  let waiting: AbortController | undefined;

  const tell = (signal: AbortSignal): void => {
    const { host } = new URL(server);
    const words = `waiting for ${host} ...`;
    if (context.isTTY && context.env['TERM'] !== 'dumb') {
      context.err.write(words);
      signal.addEventListener('abort', () => context.err.write(eraseLine));
    } else if (!isTold) {
      isTold = true;
      if (context.isTTY) printLine(context.err, words);
      else warn(`${host} has not answered for ${formatDuration(afterMs)}`);
    }
  };

  return () => {
    if (isAnswered) return () => undefined;
    const now = context.now().getTime();
    since ??= now;
    if (waiting === undefined) {
      waiting = new AbortController();
      const { signal } = waiting;
      void context.sleep(Math.max(0, since + afterMs - now), signal).then(() => {
        if (!signal.aborted) tell(signal);
      });
    }
    return (answered) => {
      isAnswered ||= answered;
      waiting?.abort();
      waiting = undefined;
    };
  };
}
