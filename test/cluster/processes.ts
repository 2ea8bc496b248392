/** Programs of ours that run beside us: started, paused, stopped, and gone when we are. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { openReaper } from '#src/sandbox/node/reaper.ts';

export interface ProcessOptions {
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
  /** File that its output is added to. */
  readonly log: string;
  /** Whether it serves now; asked again and again after every start. `log` is what this start has written so far. */
  readonly isReady: (log: () => Promise<string>) => Promise<boolean>;
}

export interface RunningProcess {
  readonly name: string;
  readonly log: string;
  /** Of the present start. */
  readonly pid: number;
  /** Resolves when it serves again. */
  start(): Promise<void>;
  /** Asks it to end and, ten seconds later, ends it. */
  stop(): Promise<void>;
  kill(): Promise<void>;
  pause(): void;
  resume(): void;
}

export interface Processes {
  /** Resolves when it is ready; rejects, naming its log, when it ends before. */
  start(options: ProcessOptions): Promise<RunningProcess>;
  /** At once: what they keep is thrown away. */
  stopAll(): Promise<void>;
}

const pollMilliseconds = 40;
const readyMilliseconds = 90_000;

export function createProcesses(): Processes {
  const reaper = openReaper();
  const all: RunningProcess[] = [];

  async function start(options: ProcessOptions): Promise<RunningProcess> {
    let child: ChildProcess | undefined;

    const isAlive = (): boolean => child?.exitCode === null && child.signalCode === null;

    async function launch(): Promise<void> {
      const output = openSync(options.log, 'a', 0o600);
      const began = (await readFile(options.log)).length;
      const launched = spawn(options.path, options.args, {
        detached: true,
        stdio: ['ignore', output, output],
        // The provisioner would prefer a KUBECONFIG of ours to its own flag.
        env: { PATH: process.env['PATH'] ?? '' },
      });
      closeSync(output);
      child = launched;
      launched.once('error', () => undefined);
      const { pid } = launched;
      if (pid === undefined) throw new Error(`cannot start ${options.path}`);
      reaper.add(pid);
      launched.once('exit', () => {
        reaper.remove(pid);
      });
      const log = async () => (await readFile(options.log)).subarray(began).toString();
      const deadline = performance.now() + readyMilliseconds;
      while (!(await options.isReady(log))) {
        if (!isAlive()) throw await failure(options, log, 'ended');
        if (performance.now() > deadline) throw await failure(options, log, 'was not ready in time');
        await sleep(pollMilliseconds);
      }
    }

    const running: RunningProcess = {
      name: options.name,
      log: options.log,
      get pid() {
        return child?.pid ?? 0;
      },
      start: launch,
      async stop() {
        if (!child || !isAlive()) return;
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        child.kill('SIGCONT');
        const late = setTimeout(() => child?.kill('SIGKILL'), 10_000);
        await exited;
        clearTimeout(late);
      },
      async kill() {
        if (!child || !isAlive()) return;
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      },
      pause: () => void child?.kill('SIGSTOP'),
      resume: () => void child?.kill('SIGCONT'),
    };
    all.push(running);
    await launch();
    return running;
  }

  return {
    start,
    async stopAll() {
      await Promise.all(all.map((running) => running.kill()));
      reaper.close();
    },
  };
}

async function failure(
  { name, log: path }: ProcessOptions,
  log: () => Promise<string>,
  how: string,
): Promise<Error> {
  const last = (await log()).trimEnd().split('\n').slice(-12).join('\n');
  return new Error(`${name} ${how}; the end of ${path}:\n${last}`);
}
