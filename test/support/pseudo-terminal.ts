/** A program at a terminal, as a person has one. Node has no pseudo-terminals; Python does. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

export interface PseudoTerminal {
  /** Types the text. */
  type(text: string): void;
  resize(rows: number, columns: number): void;
  /**
   * Resolves with what the program has printed since the last call, without control sequences, once that matches. Rejects if it ends
   * before, or prints nothing like it for a minute.
   */
  until(pattern: RegExp): Promise<string>;
  /** Closes the window. */
  hangUp(): void;
  /** Resolves with the program's exit code. */
  readonly ended: Promise<number>;
}

/** Why there is none on this machine; false: there is. */
export const whyNoTerminal =
  spawnSync('python3', ['-c', 'import pty']).status === 0 ? false : 'this machine has no python3';

export function openPseudoTerminal(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
): PseudoTerminal {
  const child = spawn('python3', [join(import.meta.dirname, 'pseudo-terminal.py'), ...argv], {
    env: environment,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => undefined);
  const ask = (what: object) => void child.stdin.write(`${JSON.stringify(what)}\n`);
  let said = '';
  let look = () => {};
  child.stdout.on('data', (data: Buffer) => {
    said += data.toString();
    look();
  });
  const ended = once(child, 'close').then(([code]) => {
    look();
    return code as number;
  });
  return {
    ended,
    type: (text) => {
      ask({ send: text });
    },
    resize: (rows, columns) => {
      ask({ resize: [rows, columns] });
    },
    hangUp: () => void child.stdin.end(),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const giveUp = (why: string) => {
          reject(new assert.AssertionError({ message: `${why} ${pattern.source}: ${JSON.stringify(said)}` }));
        };
        const patience = setTimeout(giveUp, 60_000, 'waited in vain for');
        look = () => {
          const found = stripVTControlCharacters(said).replaceAll(/\r+\n/g, '\n');
          if (pattern.test(found)) {
            said = '';
            look = () => {};
            clearTimeout(patience);
            resolve(found);
          } else if (child.exitCode !== null) {
            clearTimeout(patience);
            giveUp('the program ended before');
          }
        };
        look();
      }),
  };
}
