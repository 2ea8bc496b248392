/**
 * `npm run test:cluster`: runs the end-to-end suite on the sandbox and on a real control plane and compares
 * them.
 *
 * Our control plane has a real node (`node/`) if this machine can run one; otherwise, and with `--node
 * agent`, the node is our own agent. `--rate-limits default` applies the client rate limits of real clusters,
 * which doubles the time. `--server sandbox` and `--server real` run on that server only.
 *
 * With `KUBECONFIG` the suite runs on that cluster: `E2E_STORAGE_CLASS` and `E2E_SNAPSHOT_CLASS` name classes
 * of one CSI driver there, `E2E_STORAGE_CLASS_WAIT` one with WaitForFirstConsumer. The suite creates and
 * deletes its own namespaces. If `*.operator.ts` files are named, it installs our operator, and removes it
 * unless it was installed before.
 *
 * `--upstream-crds` runs the suite with AppsCode's published Stash definitions, if their files are next to
 * the project. Other arguments are test files: `*.control-plane.ts` start control planes of their own,
 * `*.machine.ts` whole clusters, and `*.operator.ts` install our operator and run after the others, on
 * servers of their own.
 */
import { existsSync, globSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { compareServers, sumUp } from './compare-servers.ts';
import type { RateLimits } from './components.ts';
import { withCleanup } from './leave-nothing.ts';
import { whyNoNode } from './node/place.ts';
import { whyNoPostgres } from './node/postgres-files.ts';
import { openRealNode, type RealNode } from './node/real-node.ts';
import { testOnReal, type RealRun } from './on-real.ts';
import { findPrograms, Missing } from './programs.ts';
import type { TestResult } from './results-reporter.ts';
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
const suite = ['test/e2e/**/*.test.ts', 'test/e2e/**/*.long.ts'];
const operatorSuite = ['test/e2e/operator/*.operator.ts'];

interface Run {
  readonly server: string;
  readonly results: TestResult[];
}

/** One run of some test files on one server. */
interface Stage {
  readonly server: string;
  readonly files: readonly string[];
  /** Each file starts its own control plane. */
  readonly ownControlPlane: boolean;
}

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      'rate-limits': { type: 'string', default: 'raised' },
      'upstream-crds': { type: 'boolean', default: false },
      node: { type: 'string', default: 'real' },
      server: { type: 'string', default: 'both' },
    },
    allowPositionals: true,
  });
  const definitions = values['upstream-crds'] ? upstreamCrds : undefined;
  const chosen =
    positionals.length > 0
      ? positionals
      : [
          ...suite,
          ...(definitions === undefined
            ? [...operatorSuite, 'test/cluster/*.control-plane.ts', 'test/cluster/*.machine.ts']
            : []),
        ];
  const files = chosen.filter((file) => !startsItsOwn(file) && !installsOperator(file));
  const withOperator = chosen.filter(installsOperator);
  const alone = chosen.filter(startsItsOwn);
  if (definitions !== undefined && !existsSync(definitions)) {
    say(`skipped: --upstream-crds needs the published definitions in ${definitions}`);
    return 0;
  }
  if (process.env['KUBECONFIG']) {
    const named = positionals.length > 0 ? [...files, ...withOperator] : files;
    if (positionals.length > 0)
      for (const file of alone) say(`skipping ${file}: it starts control planes of its own`);
    if (definitions === undefined) return onTheirCluster(named, process.env['KUBECONFIG']);
    say('KUBECONFIG is set, and --upstream-crds would install definitions there: omit one of them');
    return 2;
  }
  let node: RealNode | undefined;
  try {
    const why = values.node === 'agent' ? '--node agent' : await whyNoNode();
    const programs = await findPrograms(process.env, say, { node: why === undefined });
    process.env['PATH'] = [dirname(programs.path.kubectl), process.env['PATH'] ?? ''].join(delimiter);
    if (why !== undefined) say(`using our own node agent in place of a real node: ${why}`);
    const whyNoDatabase = await whyNoPostgres();
    if (why === undefined && whyNoDatabase !== undefined)
      say(`tests with a database are skipped: ${whyNoDatabase}`);
    const rateLimits: RateLimits = values['rate-limits'] === 'default' ? 'default' : 'raised';
    node = why === undefined ? await openRealNode() : undefined;
    const stages: Stage[] = [
      ...[files, withOperator]
        .filter((group) => group.length > 0)
        .flatMap((group) => [
          { server: 'sandbox', files: group, ownControlPlane: false },
          { server: 'real', files: group, ownControlPlane: false },
        ]),
      ...globSync(alone)
        .sort()
        .map((file) => ({ server: 'real', files: [file], ownControlPlane: true })),
    ];
    const runs: Run[] = [];
    const took: string[] = [];
    for (const stage of stages) {
      if (values.server !== 'both' && values.server !== stage.server) continue;
      if (stopping.signal.aborted) break;
      say(`${stage.files.join(' ')} on the ${stage.server} server`);
      const began = performance.now();
      const results =
        stage.server === 'sandbox'
          ? await onSandbox(stage.files, definitions)
          : await onReal({ ...stage, rateLimits, definitions }, node);
      took.push(
        `${Math.round((performance.now() - began) / 1000)} s: ${stage.files.join(' ')}, ${stage.server}`,
      );
      const before = runs.find(({ server }) => server === stage.server);
      if (before) before.results.push(...results);
      else runs.push({ server: stage.server, results: [...results] });
    }
    for (const line of took) say(line);
    return conclude(runs);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    say(
      `skipped: the real control plane needs ${error.message}, or KUBECONFIG of a cluster with a CSI driver`,
    );
    return 0;
  } finally {
    await node?.close();
  }
}

async function onTheirCluster(files: readonly string[], kubeconfig: string): Promise<number> {
  const missing = ['E2E_STORAGE_CLASS', 'E2E_SNAPSHOT_CLASS'].filter((name) => !process.env[name]);
  if (missing.length > 0) {
    say(`KUBECONFIG is set: specify classes of one CSI driver of that cluster in ${missing.join(' and ')}`);
    return 2;
  }
  const results = await withCleanup(kubeconfig, say, () =>
    runTests({ ...shared, files, environment: { E2E_KUBECONFIG: kubeconfig } }),
  );
  return conclude([{ server: 'cluster', results }]);
}

function startsItsOwn(file: string): boolean {
  return file.endsWith('.control-plane.ts') || startsNodes(file);
}

/** Returns true for tests that start whole clusters and inspect the machine from outside their namespaces. */
function startsNodes(file: string): boolean {
  return file.endsWith('.machine.ts');
}

function installsOperator(file: string): boolean {
  return file.endsWith('.operator.ts');
}

function onSandbox(files: readonly string[], definitions: string | undefined): Promise<TestResult[]> {
  const environment = { E2E_KUBECONFIG: undefined, E2E_STASH_CRDS: definitions };
  return runTests({ ...shared, files, environment });
}

/** `node`: undefined if the node is our own agent. */
async function onReal(run: Omit<RealRun, 'concurrency'>, node: RealNode | undefined): Promise<TestResult[]> {
  // Each of the operator's files starts a server of its own: four on two processors are too slow for their limits.
  const atOnce = run.files.some(installsOperator) ? 2 : shared.concurrency;
  const whole = { ...run, concurrency: run.ownControlPlane ? 1 : atOnce };
  const { signal } = stopping;
  if (!node || run.files.some(startsNodes))
    return testOnReal(whole, { programs: await findPrograms(process.env, say), signal, say });
  const file = join(node.directory, 'results.json');
  await rm(file, { force: true });
  await node.run(process.execPath, [join(import.meta.dirname, 'beside-node.ts')], {
    environment: { NODE_RUN: JSON.stringify(whole), NODE_RESULTS: file },
    signal,
  });
  if (signal.aborted) return [];
  return JSON.parse(await readFile(file, 'utf8')) as TestResult[];
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
