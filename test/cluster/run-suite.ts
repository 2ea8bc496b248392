/**
 * `npm run test:cluster`: the end-to-end suite on the sandbox and on a real control plane, side by side.
 *
 * With `KUBECONFIG` the suite runs on that cluster: `E2E_STORAGE_CLASS` and `E2E_SNAPSHOT_CLASS` name classes of one
 * CSI driver there, `E2E_STORAGE_CLASS_WAIT` one that waits for the first consumer. It makes and removes namespaces
 * of its own. `--rate-limits default` gives our control plane the slow clients of real ones: twice the time. Other
 * arguments are test files.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

import { openReaper } from '#src/sandbox/node/reaper.ts';
import { driverName } from '#src/sandbox/storage/driver.ts';

import { startControlPlane } from './control-plane.ts';
import { findPrograms, Missing } from './programs.ts';
import type { TestResult } from './results-reporter.ts';
import { compareServers } from './compare-servers.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const say = (line: string) => void process.stderr.write(`${line}\n`);
const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    stopping.abort();
  });
}

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { 'rate-limits': { type: 'string', default: 'raised' } },
    allowPositionals: true,
  });
  const files = positionals.length > 0 ? positionals : ['test/e2e/**/*.test.ts'];
  if (process.env['KUBECONFIG']) return onTheirCluster(files, process.env['KUBECONFIG']);
  try {
    return await onOurs(files, values['rate-limits'] === 'default' ? 'default' : 'raised');
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    say(
      `skipped: the real control plane needs ${error.message}, or KUBECONFIG of a cluster with a CSI driver`,
    );
    return 0;
  }
}

async function onTheirCluster(files: readonly string[], kubeconfig: string): Promise<number> {
  const missing = ['E2E_STORAGE_CLASS', 'E2E_SNAPSHOT_CLASS'].filter((name) => !process.env[name]);
  if (missing.length > 0) {
    say(`KUBECONFIG is set: name classes of one CSI driver of that cluster in ${missing.join(' and ')}`);
    return 2;
  }
  const results = await runTests(files, { E2E_KUBECONFIG: kubeconfig });
  return conclude([{ server: 'cluster', results }]);
}

async function onOurs(files: readonly string[], rateLimits: 'default' | 'raised'): Promise<number> {
  const programs = await findPrograms(process.env, say);
  const path = [dirname(programs.path.kubectl), process.env['PATH'] ?? ''].join(delimiter);
  say('the suite on the sandbox');
  const onSandbox = await runTests(files, { PATH: path, E2E_KUBECONFIG: undefined });
  if (stopping.signal.aborted) return 130;
  const began = performance.now();
  const controlPlane = await startControlPlane({ programs, rateLimits, onError: say });
  try {
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    say(`the suite on a real control plane: up after ${seconds} s, client rate limits ${rateLimits}`);
    const onReal = await runTests(files, {
      PATH: path,
      E2E_KUBECONFIG: controlPlane.kubeconfig,
      E2E_STORAGE_CLASS: 'sandbox',
      E2E_STORAGE_CLASS_WAIT: 'sandbox-wait',
      E2E_SNAPSHOT_CLASS: 'sandbox',
      E2E_DRIVER: driverName,
    });
    return conclude([
      { server: 'sandbox', results: onSandbox },
      { server: 'real', results: onReal },
    ]);
  } finally {
    await controlPlane.stop();
  }
}

function conclude(runs: readonly { server: string; results: readonly TestResult[] }[]): number {
  process.stdout.write(`\n${compareServers(runs)}`);
  if (stopping.signal.aborted) return 130;
  return runs.every(
    ({ results }) => results.length > 0 && results.every(({ outcome }) => outcome !== 'failed'),
  )
    ? 0
    : 1;
}

/** Runs the files with `environment` in place of ours; what the tests print goes to our own streams. */
async function runTests(files: readonly string[], environment: Environment): Promise<TestResult[]> {
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
      '--test-concurrency=4',
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
  stopping.signal.addEventListener('abort', interrupt);
  try {
    await once(child, 'exit');
    const lines = (await readFile(output, 'utf8')).split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as TestResult);
  } finally {
    stopping.signal.removeEventListener('abort', interrupt);
    reaper.close();
    await rm(directory, { recursive: true, force: true });
  }
}
