/** Asks the user to confirm what a command is about to do. */
import { sanitize } from '#src/domain/sanitize.ts';
import { StashError } from '#src/errors.ts';

import type { Context } from './context.ts';

/** Resolves if the answer is yes, else rejects with 'precondition'. Rejects with 'usage' if there is no terminal. */
export async function confirm(context: Context, question: readonly string[], yes: boolean): Promise<void> {
  if (yes) return;
  const answer = await ask(context, `${question.map(sanitize).join('\n')} [y/N] `, 'nothing was deleted');
  if (/^y(?:es)?$/i.test(answer)) return;
  throw new StashError('precondition', 'nothing was deleted', { hint: 'answer y, or add --yes' });
}

/** Resolves if the user types `name`, else rejects with 'precondition'. Rejects with 'usage' if there is no terminal. */
export async function confirmName(context: Context, name: string, yes: boolean): Promise<void> {
  if (yes) return;
  const nothing = 'nothing was changed';
  const question = sanitize(`Type ${name} to start: `);
  if ((await ask(context, question, nothing)) === name) return;
  throw new StashError('precondition', sanitize(`the answer was not ${name}: ${nothing}`), {
    hint: sanitize(`type ${name}, or add --yes`),
  });
}

/** Resolves with the first line of the answer. */
async function ask(context: Context, question: string, nothing: string): Promise<string> {
  if (!context.isTTY) {
    throw new StashError('usage', 'cannot ask for confirmation without a terminal', { hint: 'add --yes' });
  }
  context.err.write(question);
  const answer = await readLine(context, nothing);
  // The input ended without a newline.
  if (!answer.includes('\n')) context.err.write('\n');
  return answer.split('\n', 1).join().trim();
}

/** Reads until the first newline or the end of the input. Rejects with 'interrupted' after Ctrl-C. */
async function readLine({ in: input, signal }: Context, nothing: string): Promise<string> {
  const interrupted = Promise.withResolvers<never>();
  const stop = () => {
    interrupted.reject(new StashError('interrupted', `interrupted: ${nothing}`));
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
