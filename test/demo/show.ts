/** Prints the demo's lines, in colour on a terminal only. */
import type { Writable } from 'node:stream';
import { styleText } from 'node:util';

export interface Show {
  /** Announces the next step. */
  note(text: string): void;
  /** Prints a command as a user would type it. */
  prompt(command: string): void;
  line(text: string): void;
}

export function showOn(out: Writable): Show {
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    styleText(format, text, { stream: out });
  return {
    note: (text) => void out.write(`\n${style('cyan', `# ${text}`)}\n`),
    prompt: (command) => void out.write(`${style('green', '$')} ${style('bold', command)}\n`),
    line: (text) => void out.write(`${text}\n`),
  };
}
