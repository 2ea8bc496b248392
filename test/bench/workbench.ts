/** The inputs of every bench, and how it measures. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import type { BenchServer } from './servers.ts';

export interface Workbench<Server extends BenchServer = BenchServer> {
  readonly server: Server;
  /** The bundled program. */
  readonly program: string;
  /** The bundled `bare-loop.ts`. */
  readonly bareLoop: string;
  /** For files of the measured programs. */
  readonly directory: string;
  readonly print: (text: string) => void;
}

type Command = readonly string[];

/** Where the measured programs run. */
interface Measured {
  readonly server: Pick<BenchServer, 'kubeconfig'>;
}

/**
 * Resolves with the milliseconds from start to end of a process with the server's kubeconfig. Rejects if it
 * exits with another code than `expected`.
 */
export async function time({ server }: Measured, command: Command, expected = 0): Promise<number> {
  const began = performance.now();
  await end(start(server, command), command, expected);
  return performance.now() - began;
}

/**
 * Resolves with the peak resident memory of a process in MiB; undefined if the system does not report it
 * (`/proc`). Rejects if it exits with another code than `expected`.
 */
export async function peakMemory(
  { server }: Measured,
  command: Command,
  expected = 0,
): Promise<number | undefined> {
  const child = start(server, command);
  const ended = end(child, command, expected);
  let peak: number | undefined;
  const running = () => child.exitCode === null && child.signalCode === null;
  // The kernel records the peak, so only a peak after the last read is missed.
  while (running()) {
    const status = await readFile(`/proc/${child.pid ?? ''}/status`, 'utf8').catch(() => '');
    const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
    if (kibibytes !== undefined) peak = Number(kibibytes) / 1024;
    await sleep(2);
  }
  await ended;
  return peak;
}

function start({ kubeconfig }: Measured['server'], [program = '', ...args]: Command) {
  return spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, KUBECONFIG: kubeconfig },
  });
}

async function end(child: ReturnType<typeof start>, command: Command, expected = 0): Promise<void> {
  const ended = once(child satisfies ChildProcess, 'close') as Promise<[number | null]>;
  const complaint = await text(child.stderr);
  const [code] = await ended;
  if (code !== expected)
    throw new Error(`${command.join(' ')} ended with ${code ?? 'a signal'}: ${complaint}`);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle) - 1] ?? NaN)) / 2;
}
