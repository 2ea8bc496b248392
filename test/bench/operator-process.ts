/** Runs the bundled operator as a process, and measures it from outside. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

import { openReaper } from '#src/sandbox/node/reaper.ts';

import type { AuditedRequest } from './audit.ts';
import type { BenchServer } from './servers.ts';

export interface OperatorProcess {
  /** Resolves with the process's memory in MiB. */
  memory(): Promise<number>;
  /** Log lines above level `info`, so far. */
  readonly complaints: readonly string[];
  /** Stops the process as its orchestrator would; rejects if it exits with an error. */
  stop(): Promise<void>;
}

interface LogLine {
  readonly level: string;
  readonly msg: string;
}

/** Resolves when the operator's caches are filled. `args` are Node's, before the program. */
export async function startOperator(
  { kubeconfig }: Pick<BenchServer, 'kubeconfig'>,
  program: string,
  args: readonly string[] = [],
): Promise<OperatorProcess> {
  const command = ['operator', 'run', '--run-sessions=in-process', '--listen=127.0.0.1:0'];
  const child = spawn(process.execPath, [...args, program, ...command], {
    // A process group of its own, which ends with this process in any case.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, KUBECONFIG: kubeconfig },
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('cannot start the operator');
  const reaper = openReaper();
  reaper.add(pid);
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const complaints: string[] = [];
  const filled = Promise.withResolvers<undefined>();
  createInterface(child.stdout).on('line', (line) => {
    const { level, msg } = JSON.parse(line) as LogLine;
    if (level !== 'info') complaints.push(line);
    if (msg.startsWith('the caches are filled')) filled.resolve(undefined);
  });
  const early = ended.then(([code]) => {
    throw new Error(`the operator ended with ${code ?? 'a signal'}: ${complaints.join('\n')}`);
  });
  early.catch(() => undefined);
  await Promise.race([filled.promise, early]);
  return {
    complaints,
    async memory() {
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) / 1024;
    },
    async stop() {
      child.kill('SIGTERM');
      const [code] = await ended;
      reaper.remove(pid);
      reaper.close();
      if (code !== 0) throw new Error(`the operator ended with ${code ?? 'a signal'}`);
    },
  };
}

export interface OperatorRequests {
  /** Requests that read or write the Lease. */
  readonly lease: number;
  /** Watches that ended and were restarted; the log contains each at its end. */
  readonly watches: number;
  readonly others: readonly AuditedRequest[];
}

export function sortRequests(requests: readonly AuditedRequest[]): OperatorRequests {
  const isLease = ({ resource }: AuditedRequest) => resource === 'leases';
  const isWatch = ({ verb }: AuditedRequest) => verb === 'watch';
  return {
    lease: requests.filter(isLease).length,
    watches: requests.filter(isWatch).length,
    others: requests.filter((request) => !isLease(request) && !isWatch(request)),
  };
}

/** Returns for example `12 patch backupsessions/status, 3 list volumesnapshots`, the most frequent first. */
export function describeRequests(requests: readonly AuditedRequest[]): string {
  const counts = new Map<string, number>();
  for (const { verb, resource = 'discovery', subresource } of requests) {
    const what = `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ');
}
