/** Asks a person, before something is done that cannot be undone. */
import { StashError } from '#src/errors.ts';

import type { Context } from './context.ts';

/** Resolves where the answer is yes; rejects with 'usage' where nobody can be asked. */
export async function confirm(context: Context, question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!context.isTTY) {
    throw new StashError('usage', 'nobody can be asked here whether that is meant', { hint: 'add --yes' });
  }
  context.err.write(`${question} [y/N] `);
  const answer = await readLine(context);
  // Whoever ended the input has not ended the line.
  if (!answer.includes('\n')) context.err.write('\n');
  if (/^\s*y(?:es)?\s*$/i.test(answer.split('\n', 1).join())) return;
  throw new StashError('precondition', 'nothing was deleted', { hint: 'answer y, or add --yes' });
}

/** As much as comes with the first line, or all there is. Rejects with 'interrupted'. */
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
