/** Starts processes, each in a process group of its own, so that signals reach its children too. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { constants } from 'node:os';

import { openReaper, type Reaper } from './reaper.ts';

export interface GroupOptions {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Record<string, string>;
  readonly stdio: StdioOptions;
  /** Handles of the volumes that the process can write to. */
  readonly volumes: readonly string[];
}

export interface ProcessGroup {
  readonly child: ChildProcess;
  /**
   * Resolves with the first process's exit code, or 128 + n after signal n, when its children are gone too.
   * Rejects if it never started.
   */
  readonly exited: Promise<number>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

export interface ProcessGroups {
  start(options: GroupOptions): ProcessGroup;
  /** Stops every process that can write to a volume. The returned function continues them. */
  freeze(volume: string): () => void;
  killAll(): Promise<void>;
}

interface Member {
  readonly group: ProcessGroup;
  readonly pid: number;
  readonly volumes: readonly string[];
  frozen: number;
}

export function createProcessGroups(): ProcessGroups {
  const members = new Set<Member>();
  let reaper: Reaper | undefined;

  function start({ argv, volumes, ...options }: GroupOptions): ProcessGroup {
    const [program = '', ...args] = argv;
    const child = spawn(program, args, { ...options, detached: true });
    const { pid } = child;
    const exited = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        if (pid !== undefined) signalGroup(pid, 'SIGKILL');
        resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
      });
    });
    const group: ProcessGroup = {
      child,
      exited,
      kill(signal) {
        // After the process has ended, its id may be reused.
        if (pid !== undefined && child.exitCode === null && child.signalCode === null)
          signalGroup(pid, signal);
      },
    };
    if (pid !== undefined) {
      const member = { group, pid, volumes, frozen: 0 };
      members.add(member);
      reaper ??= openReaper();
      reaper.add(pid);
      const forget = (): void => {
        members.delete(member);
        reaper?.remove(pid);
      };
      exited.then(forget, forget);
    }
    return group;
  }

  return {
    start,
    freeze(volume) {
      const frozen = [...members].filter(({ volumes }) => volumes.includes(volume));
      for (const member of frozen) if (member.frozen++ === 0) signalGroup(member.pid, 'SIGSTOP');
      return () => {
        for (const member of frozen) {
          if (--member.frozen === 0 && members.has(member)) signalGroup(member.pid, 'SIGCONT');
        }
      };
    },
    async killAll() {
      const last = [...members].map(({ group }) => group);
      for (const group of last) group.kill('SIGKILL');
      await Promise.allSettled(last.map(({ exited }) => exited));
      reaper?.close();
      reaper = undefined;
    },
  };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is empty.
  }
}
