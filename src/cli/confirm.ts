/** Asks the user to confirm a deletion. */
import { sanitize } from '#src/domain/sanitize.ts';
import { StashError } from '#src/errors.ts';

import type { Context } from './context.ts';

/** Resolves if the answer is yes, else rejects with 'precondition'. Rejects with 'usage' if there is no terminal. */
export async function confirm(context: Context, question: readonly string[], yes: boolean): Promise<void> {
  if (yes) return;
  if (!context.isTTY) {
    throw new StashError('usage', 'cannot ask for confirmation without a terminal', { hint: 'add --yes' });
  }
  context.err.write(`${question.map(sanitize).join('\n')} [y/N] `);
  const answer = await readLine(context);
  // The input ended without a newline.
  if (!answer.includes('\n')) context.err.write('\n');
  if (/^\s*y(?:es)?\s*$/i.test(answer.split('\n', 1).join())) return;
  throw new StashError('precondition', 'nothing was deleted', { hint: 'answer y, or add --yes' });
}

/** Reads until the first newline or the end of the input. Rejects with 'interrupted' after Ctrl-C. */
async function readLine({ in: input, signal }: Context): Promise<string> {
  const interrupted = Promise.withResolvers<never>();
  const stop = () => {
    interrupted.reject(new StashError('interrupted', 'interrupted: nothing was deleted'));
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  const read = async () => {
    let text = '';
    for await (const chunk of input) {
      text += String(chunk);
      if (text.includes('\n')) break;
    }
    return text;
  };
  try {
    return await Promise.race([read(), interrupted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
    input.destroy();
  }
}
