/** Runs test files with `node --test`, in a process group that ends with this process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openReaper } from '#src/sandbox/node/reaper.ts';

import type { TestResult } from './results-reporter.ts';

export interface TestRun {
  readonly files: readonly string[];
  /** Replaces our environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How many files run at once. */
  readonly concurrency: number;
  /** Interrupts the tests. */
  readonly signal: AbortSignal;
}

/** Runs the tests with our own stdout and stderr. Resolves with their results. */
export async function runTests({ files, environment, concurrency, signal }: TestRun): Promise<TestResult[]> {
  const directory = await mkdtemp(join(tmpdir(), 'stash-results-'));
  const output = join(directory, 'results.jsonl');
  const reporter = new URL('results-reporter.ts', import.meta.url).href;
  const reaper = openReaper();
  const child = spawn(
    process.execPath,
    [
      '--test',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${reporter}`,
      `--test-reporter-destination=${output}`,
      `--test-concurrency=${concurrency}`,
      '--test-timeout=600000',
      ...files,
    ],
    { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...environment }, detached: true },
  );
  const { pid } = child;
  if (pid !== undefined) reaper.add(pid);
  const interrupt = () => {
    if (pid !== undefined) process.kill(-pid, 'SIGINT');
  };
  signal.addEventListener('abort', interrupt);
  try {
    await once(child, 'exit');
    const lines = (await readFile(output, 'utf8')).split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as TestResult);
  } finally {
    signal.removeEventListener('abort', interrupt);
    reaper.close();
    await rm(directory, { recursive: true, force: true });
  }
}
