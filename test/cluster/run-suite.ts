/**
 * `npm run test:cluster`: the end-to-end suite on the sandbox and on a real control plane, side by side.
 *
 * With `KUBECONFIG` the suite runs on that cluster: `E2E_STORAGE_CLASS` and `E2E_SNAPSHOT_CLASS` name classes of one
 * CSI driver there, `E2E_STORAGE_CLASS_WAIT` one that waits for the first consumer. It makes and removes namespaces
 * of its own. `--rate-limits default` gives our control plane the slow clients of real ones: twice the time.
 * `--upstream-crds` runs the suite with the Stash kinds as AppsCode publishes them, where their files are beside the
 * project. Other arguments are test files; those named `*.control-plane.ts` start control planes of their own, those
 * named `*.operator.ts` install our operator, and run after the others on servers of their own.
 */
import { existsSync } from 'node:fs';
import { delimiter, dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { stashGroup } from '#src/api/labels.ts';
import { driverName } from '#src/sandbox/storage/driver.ts';
import { readDefinitions } from '#test/support/read-definitions.ts';

import { startControlPlane } from './control-plane.ts';
import { findPrograms, Missing } from './programs.ts';
import type { TestResult } from './results-reporter.ts';
import { compareServers, sumUp } from './compare-servers.ts';
import { leaveNothing } from './leave-nothing.ts';
import { runTests } from './run-tests.ts';

const upstreamCrds = resolve(import.meta.dirname, '../../../shared/contract/upstream-crds');
const say = (line: string) => void process.stderr.write(`${line}\n`);
const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    stopping.abort();
  });
}

const shared = { concurrency: 4, signal: stopping.signal };
const suite = ['test/e2e/**/*.test.ts', 'test/e2e/**/*.long.ts', 'test/cluster/*.cluster.ts'];
const operatorSuite = ['test/e2e/operator/*.operator.ts'];

interface Run {
  readonly server: string;
  readonly results: TestResult[];
}

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      'rate-limits': { type: 'string', default: 'raised' },
      'upstream-crds': { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const definitions = values['upstream-crds'] ? upstreamCrds : undefined;
  const chosen =
    positionals.length > 0
      ? positionals
      : [
          ...suite,
          ...(definitions === undefined ? [...operatorSuite, 'test/cluster/*.control-plane.ts'] : []),
        ];
  const files = chosen.filter((file) => !startsItsOwn(file) && !installsOperator(file));
  const withOperator = chosen.filter(installsOperator);
  const alone = chosen.filter(startsItsOwn);
  if (definitions !== undefined && !existsSync(definitions)) {
    say(`skipped: --upstream-crds needs the published definitions in ${definitions}`);
    return 0;
  }
  if (process.env['KUBECONFIG']) {
    if (definitions === undefined) return onTheirCluster(files, process.env['KUBECONFIG']);
    say('KUBECONFIG is set, and --upstream-crds would install definitions there: leave one of them out');
    return 2;
  }
  try {
    const rateLimits = values['rate-limits'] === 'default' ? 'default' : 'raised';
    const runs: Run[] = [];
    for (const group of [files, withOperator]) {
      if (group.length === 0 || stopping.signal.aborted) continue;
      for (const { server, results } of await onOurs(group, rateLimits, definitions)) {
        const before = runs.find((run) => run.server === server);
        if (before) before.results.push(...results);
        else runs.push({ server, results });
      }
    }
    if (alone.length > 0 && !stopping.signal.aborted) {
      say('what disturbs a control plane, each file on one of its own');
      const results = await runTests({ ...shared, files: alone, concurrency: 1, environment: {} });
      const real = runs.find(({ server }) => server === 'real');
      if (real) real.results.push(...results);
      else runs.push({ server: 'real', results });
    }
    return conclude(runs);
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
  const results = await leaveNothing(kubeconfig, say, () =>
    runTests({ ...shared, files, environment: { E2E_KUBECONFIG: kubeconfig } }),
  );
  return conclude([{ server: 'cluster', results }]);
}

function startsItsOwn(file: string): boolean {
  return file.endsWith('.control-plane.ts');
}

function installsOperator(file: string): boolean {
  return file.endsWith('.operator.ts');
}

/** `definitions`: directory of those that stand in for ours. */
async function onOurs(
  files: readonly string[],
  rateLimits: 'default' | 'raised',
  definitions: string | undefined,
): Promise<Run[]> {
  const programs = await findPrograms(process.env, say);
  const path = [dirname(programs.path.kubectl), process.env['PATH'] ?? ''].join(delimiter);
  say('the suite on the sandbox');
  const onSandbox = await runTests({
    ...shared,
    files,
    environment: { PATH: path, E2E_KUBECONFIG: undefined, E2E_STASH_CRDS: definitions },
  });
  const runs = [{ server: 'sandbox', results: onSandbox }];
  if (stopping.signal.aborted) return runs;
  const began = performance.now();
  const controlPlane = await startControlPlane({
    programs,
    rateLimits,
    ...(definitions !== undefined && { stashDefinitions: await readDefinitions(definitions, stashGroup) }),
    onError: say,
  });
  try {
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    say(`the suite on a real control plane: up after ${seconds} s, client rate limits ${rateLimits}`);
    const onReal = await runTests({
      ...shared,
      files,
      environment: {
        PATH: path,
        E2E_KUBECONFIG: controlPlane.kubeconfig,
        E2E_STORAGE_CLASS: 'sandbox',
        E2E_STORAGE_CLASS_WAIT: 'sandbox-wait',
        E2E_SNAPSHOT_CLASS: 'sandbox',
        E2E_DRIVER: driverName,
        E2E_STASH_CRDS: definitions,
      },
    });
    return [...runs, { server: 'real', results: onReal }];
  } finally {
    await controlPlane.stop();
  }
}

function conclude(runs: readonly Run[]): number {
  const milliseconds = performance.now();
  process.stdout.write(`\n${compareServers(runs)}\n${sumUp(runs, milliseconds)}`);
  if (stopping.signal.aborted) return 130;
  return runs.every(
    ({ results }) => results.length > 0 && results.every(({ outcome }) => outcome !== 'failed'),
  )
    ? 0
    : 1;
}
