/**
 * `npm run bench [-- start snapshot cluster]`: times and request counts as tables; everything that is compared is
 * measured in turn in one run, so read the times as ratios. The server is run by this process, what is measured are
 * others. `cluster`, only where it is named, is a real control plane: `--rate-limits raised` takes the clients' limits
 * of its sidecars out of the way; with the usual ones a hundred claims take minutes, and few runs are made.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import type { RateLimits } from '#test/cluster/components.ts';

import { bundle } from '../../cmd/bundle.ts';
import { benchList } from './list.ts';
import { benchControlPlane, benchSandbox, type BenchServer } from './servers.ts';
import { benchSnapshot, type SnapshotPlan } from './snapshot.ts';
import { benchStart } from './start.ts';
import type { Workbench } from './workbench.ts';

interface Bench {
  readonly serve: (directory: string) => Promise<BenchServer>;
  readonly run: (bench: Workbench) => Promise<void>;
}

const plans: Readonly<Record<'sandbox' | RateLimits, SnapshotPlan>> = {
  sandbox: { rounds: { 1: 9, 20: 9, 100: 9 }, configurations: ['created', 'found'] },
  raised: { rounds: { 1: 9, 20: 9, 100: 5 }, configurations: ['found'] },
  default: { rounds: { 1: 5, 20: 2, 100: 1 }, configurations: ['found'] },
};

const say = (line: string) => void process.stderr.write(`${line}\n`);

function benches(rateLimits: RateLimits): Readonly<Record<string, Bench>> {
  return {
    start: { serve: sandbox, run: benchStart },
    snapshot: { serve: sandbox, run: (bench) => benchSnapshot(bench, plans.sandbox) },
    cluster: {
      serve: () => benchControlPlane(rateLimits, say),
      run: async (bench) => {
        bench.print(
          `real control plane, client rate limits of its controllers and sidecars: ${rateLimits}\n\n`,
        );
        await benchList(bench);
        await benchSnapshot(bench, plans[rateLimits]);
      },
    },
  };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { 'rate-limits': { type: 'string', default: 'default' } },
    allowPositionals: true,
  });
  const known = benches(values['rate-limits'] === 'raised' ? 'raised' : 'default');
  const names = positionals.length > 0 ? positionals : ['start', 'snapshot'];
  const unknown = names.find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    say(`no bench "${unknown}"; there are: ${Object.keys(known).join(', ')}`);
    process.exitCode = 2;
    return;
  }
  const directory = await mkdtemp(join(tmpdir(), 'stash-bench-'));
  const program = join(directory, 'kubectl-stash.cjs');
  const bareLoop = join(directory, 'bare-loop.cjs');
  const print = (text: string) => void process.stdout.write(text);
  try {
    await Promise.all([bundle('cmd/kubectl-stash.ts', program), bundle('test/bench/bare-loop.ts', bareLoop)]);
    for (const name of names) await benchWith(known[name], { program, bareLoop, directory, print });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function benchWith(bench: Bench | undefined, given: Omit<Workbench, 'server'>): Promise<void> {
  if (bench === undefined) return;
  const server = await bench.serve(join(given.directory, 'server'));
  try {
    await bench.run({ ...given, server });
  } finally {
    await server.stop();
  }
}

function sandbox(directory: string): Promise<BenchServer> {
  const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
  return benchSandbox(directory, hasKubectl ? 'kubectl' : undefined);
}

void main();
