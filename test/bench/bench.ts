/**
 * `npm run bench [-- start snapshot cp random coverage doctor cluster operator tenants in-place]`: prints times and request counts as tables. Each run
 * measures the compared programs alternately, so read the times as ratios. This process runs the server; the
 * measured programs run in processes of their own. `cluster`, `operator`, `tenants` and `in-place` run only if named, on a
 * real control plane, and `in-place` needs a real node. `--rate-limits raised` lifts the client rate limits of its sidecars; with the default limits
 * a hundred claims take minutes, so there are few runs. `operator` has flags of its own.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import type { RateLimits } from '#test/cluster/components.ts';
import { currentPlace, whyNoNode } from '#test/cluster/node/place.ts';
import { openRealNode } from '#test/cluster/node/real-node.ts';

import { bundle } from '../../cmd/bundle.ts';
import { benchCoverage } from './coverage.ts';
import { benchCp } from './cp.ts';
import { benchDoctor } from './doctor.ts';
import { benchListParts } from './list-parts.ts';
import { benchInPlace } from './in-place.ts';
import { benchList } from './list.ts';
import { operatorFlags, operatorParts, type OperatorFlags } from './operator.ts';
import { benchControlPlane, benchSandbox, type BenchServer } from './servers.ts';
import { benchRandomObjects } from './random-objects.ts';
import { benchSnapshot, type SnapshotPlan } from './snapshot.ts';
import { benchStart } from './start.ts';
import { benchTenants } from './tenants.ts';
import type { Workbench } from './workbench.ts';

type Given = Omit<Workbench, 'server'>;
type Bench = (given: Given) => Promise<void>;

const plans: Readonly<Record<'sandbox' | RateLimits, SnapshotPlan>> = {
  sandbox: { rounds: { 1: 9, 20: 9, 100: 9 }, configurations: ['created', 'found'] },
  raised: { rounds: { 1: 9, 20: 9, 100: 5 }, configurations: ['found'] },
  default: { rounds: { 1: 5, 20: 2, 100: 1 }, configurations: ['found'] },
};

const say = (line: string) => void process.stderr.write(`${line}\n`);

function benches(rateLimits: RateLimits, flags: OperatorFlags): Readonly<Record<string, Bench>> {
  const real = () => benchControlPlane(rateLimits, say);
  const limits = `real control plane, client rate limits of its controllers and sidecars: ${rateLimits}\n\n`;
  return {
    start: benchOn(sandbox, async (bench) => {
      await benchStart(bench);
      await benchListParts(bench);
    }),
    cp: (given) => benchOn((home) => benchSandbox(home, kubectlHere(), given.program), benchCp)(given),
    coverage: (given) =>
      benchCoverage(
        { ...given, kubectl: kubectlHere() },
        (flags.scale ?? '1000,10000').split(',').map(Number),
      ),
    doctor: (given) => benchDoctor({ ...given, kubectl: kubectlHere() }),
    random: benchOn(sandbox, benchRandomObjects),
    snapshot: benchOn(sandbox, (bench) => benchSnapshot(bench, plans.sandbox)),
    cluster: benchOn(real, async (bench) => {
      bench.print(limits);
      await benchList(bench);
      await benchSnapshot(bench, plans[rateLimits]);
    }),
    tenants: benchOn(real, (bench) =>
      benchTenants(bench, (flags.scale ?? '1000,10000').split(',').map(Number)),
    ),
    'in-place': async (given) => {
      const { scale = '1,3,10' } = flags;
      if ((await currentPlace()) === undefined) {
        await onRealNode('in-place', `--rate-limits=${rateLimits}`, `--scale=${scale}`);
        return;
      }
      given.print(limits);
      const scales = scale.split(',').map(Number);
      await benchOn(real, (bench) => benchInPlace(bench, scales))(given);
    },
    operator: async (given) => {
      given.print(limits);
      for (const part of operatorParts(flags)) await benchOn(real, (bench) => part(bench, flags))(given);
    },
  };
}

function benchOn<Server extends BenchServer>(
  serve: (directory: string) => Promise<Server>,
  run: (bench: Workbench<Server>) => Promise<void>,
): Bench {
  return async (given) => {
    const server = await serve(join(given.directory, 'server'));
    try {
      await run({ ...given, server });
    } finally {
      await server.stop();
    }
  };
}

/** Runs this program, with these arguments, where a real node can run. */
async function onRealNode(...args: string[]): Promise<void> {
  const why = await whyNoNode();
  if (why !== undefined) {
    say(`skipped: the bench needs a real node: ${why}`);
    return;
  }
  const node = await openRealNode();
  try {
    const { signal } = new AbortController();
    const argv = [import.meta.filename, ...args];
    process.exitCode = await node.run(process.execPath, argv, { environment: {}, signal });
  } finally {
    await node.close();
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      'rate-limits': { type: 'string', default: 'default' },
      ...operatorFlags,
    },
    allowPositionals: true,
  });
  const known = benches(values['rate-limits'] === 'raised' ? 'raised' : 'default', values);
  const names = positionals.length > 0 ? positionals : ['start', 'snapshot'];
  const unknown = names.find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    say(`unknown bench "${unknown}"; available: ${Object.keys(known).join(', ')}`);
    process.exitCode = 2;
    return;
  }
  const directory = await mkdtemp(join(tmpdir(), 'stash-bench-'));
  const program = join(directory, 'kubectl-stash.cjs');
  const bareLoop = join(directory, 'bare-loop.cjs');
  const print = (text: string) => void process.stdout.write(text);
  try {
    await Promise.all([bundle('cmd/kubectl-stash.ts', program), bundle('test/bench/bare-loop.ts', bareLoop)]);
    for (const name of names) await known[name]?.({ program, bareLoop, directory, print });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function sandbox(directory: string): Promise<BenchServer> {
  return benchSandbox(directory, kubectlHere());
}

function kubectlHere(): string | undefined {
  return spawnSync('kubectl', ['version', '--client']).status === 0 ? 'kubectl' : undefined;
}

void main();
