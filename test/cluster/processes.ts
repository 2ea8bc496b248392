/** Child processes: started, paused, stopped, and ended together with this process. */
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
  /** File to which its output is appended. */
  readonly log: string;
  /**
   * Returns whether it is ready; polled after every start. `log` resolves with the output since that start.
   */
  readonly isReady: (log: () => Promise<string>) => Promise<boolean>;
}

export interface RunningProcess {
  readonly name: string;
  readonly log: string;
  /** Process id of the current start. */
  readonly pid: number;
  /** Resolves when it is ready again. */
  start(): Promise<void>;
  /** Sends SIGTERM, and SIGKILL ten seconds later. */
  stop(): Promise<void>;
  kill(): Promise<void>;
  pause(): void;
  resume(): void;
}

export interface Processes {
  /** Resolves when it is ready. Rejects with the end of its log if it exits before. */
  start(options: ProcessOptions): Promise<RunningProcess>;
  /** Kills all processes at once, since their data is discarded. */
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
        // KUBECONFIG would override the provisioner's own flag.
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
