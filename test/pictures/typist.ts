/** A shell on a terminal of its own, and a user who types in it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';

import type { Output } from './cast.ts';

export interface Typist extends AsyncDisposable {
  /** Resolves at the next prompt. Rejects if the command fails, or has not ended after two minutes. */
  readonly type: (command: string) => Promise<void>;
  /** All that the terminal received so far. */
  readonly output: () => readonly Output[];
}

/** Milliseconds between two words, and for which a user looks at a prompt or at a line before it is sent. */
const wordMs = 180;
const lookMs = 900;
const longestCommandMs = 120_000;

/** By these sequences, which are not shown, shells tell terminals the exit code of a command, and where the prompt ends. */
const beforePrompt = String.raw`PS1='\[\e]133;D;'$?'\a\e[32m\]$\[\e[39m\] \[\e]133;B\a\]'`;
const promptWithCode = /\x1b\]133;D;(\d+)\x07.*?\x1b\]133;B\x07/g;

/** The reason why there is no terminal for a shell here, or false. */
export function missingTerminal(): string | false {
  const { stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' });
  return !/util-linux/.test(stdout) && 'no script of util-linux, which opens a terminal';
}

/** Resolves at the first prompt. */
export async function openTypist(
  size: { readonly columns: number; readonly rows: number },
  shell: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly signal?: AbortSignal },
): Promise<Typist> {
  const start = performance.now();
  const output: Output[] = [];
  const arrivals = new EventTarget();
  const line = `stty rows ${size.rows} cols ${size.columns} && exec bash --noprofile --norc`;
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    cwd: shell.cwd,
    env: {
      ...shell.env,
      PROMPT_COMMAND: beforePrompt,
      TERM: 'xterm-256color',
      LC_ALL: 'C.UTF-8',
      HISTFILE: '',
      NO_COLOR: undefined,
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdout.setEncoding('utf8').on('data', (data: string) => {
    output.push({ at: Math.round(performance.now() - start) / 1_000, data });
    arrivals.dispatchEvent(new Event('data'));
  });
  const closed = once(child, 'close').then(() => arrivals.dispatchEvent(new Event('data')));

  const exitCodes = () =>
    [
      ...output
        .map(({ data }) => data)
        .join('')
        .matchAll(promptWithCode),
    ].map(([, code]) => Number(code));
  /** Resolves with the exit code before prompt number `count`. */
  async function atPrompt(count: number, what: string): Promise<number> {
    const signals = [AbortSignal.timeout(longestCommandMs), ...(shell.signal ? [shell.signal] : [])];
    const signal = AbortSignal.any(signals);
    for (;;) {
      const code = exitCodes()[count - 1];
      if (code !== undefined) return code;
      if (child.exitCode !== null) throw new Error(`the terminal has closed while it waited for ${what}`);
      await once(arrivals, 'data', { signal }).catch((cause: unknown) => {
        const shown = output.map(({ data }) => data).join('');
        throw new Error(`stopped waiting for ${what} on the terminal:\n${shown}`, { cause });
      });
    }
  }

  let prompts = 1;
  await atPrompt(prompts, 'the first prompt');
  return {
    type: async (command) => {
      await setTimeout(lookMs, undefined, shell);
      for (const word of command.split(/(?<= )/)) {
        child.stdin.write(word);
        await setTimeout(wordMs, undefined, shell);
      }
      await setTimeout(lookMs, undefined, shell);
      child.stdin.write('\r');
      prompts += 1;
      const code = await atPrompt(prompts, command);
      if (code !== 0)
        throw new Error(`${command} ended with ${code}:\n${output.map(({ data }) => data).join('')}`);
    },
    output: () => [...output],
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await closed;
    },
  };
}
