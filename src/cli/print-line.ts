/** All that commands print beside `output.ts` goes through here: words of a cluster cannot move the cursor or forge a line. */
import type { Writable } from 'node:stream';

import { sanitize } from '#src/domain/sanitize.ts';

import type { Context } from './context.ts';

/** Prints on stderr what a command waits for. */
export function tellOn({ err }: Pick<Context, 'err'>): (line: string) => void {
  return (line) => {
    printLine(err, line);
  };
}

export function printLine(out: Writable, line: string): void {
  out.write(`${sanitize(line)}\n`);
}
