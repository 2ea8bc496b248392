/** What every bench is given, and how it measures. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

import type { Sandbox } from '#src/sandbox/sandbox.ts';

export interface Workbench {
  readonly sandbox: Sandbox;
  /** The bundle of the program. */
  readonly program: string;
  /** The bundle of `bare-loop.ts`. */
  readonly bareLoop: string;
  readonly print: (text: string) => void;
}

export type Bench = (bench: Workbench) => Promise<void>;

/** Milliseconds from start to end of a process with the sandbox's kubeconfig; rejects where it does not exit with 0. */
export async function time({ sandbox }: Workbench, command: readonly string[]): Promise<number> {
  const [program = '', ...args] = command;
  const began = performance.now();
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, KUBECONFIG: sandbox.kubeconfig },
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const complaint = await text(child.stderr);
  const [code] = await ended;
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code ?? 'a signal'}: ${complaint}`);
  return performance.now() - began;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle) - 1] ?? NaN)) / 2;
}
