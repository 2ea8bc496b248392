/**
 * Compares `snapshot` with a loop that only creates the same number of VolumeSnapshots: time and requests.
 */
import { backupConfigurations } from '#src/api/resources.ts';
import { buildConfiguration } from '#src/domain/backup/build-backup.ts';
import { renderTable } from '#src/report/table.ts';

import type { Requests } from './servers.ts';
import { median, time, type Workbench } from './workbench.ts';
import { makeWorkload, namespace, removeSnapshots } from './workload.ts';

export interface SnapshotPlan {
  /** Pairs of runs for each number of claims. */
  readonly rounds: Readonly<Record<number, number>>;
  /** Whether each run finds its target's BackupConfiguration or has to create it. */
  readonly configurations: readonly ('created' | 'found')[];
}

interface Run extends Requests {
  /** Milliseconds. */
  readonly took: number;
}

type Pair = readonly [bare: Run, stash: Run];

export async function benchSnapshot(
  bench: Workbench,
  { rounds, configurations }: SnapshotPlan,
): Promise<void> {
  const { cluster } = bench.server;
  const rows: string[][] = [];
  for (const [claimCount, pairCount] of Object.entries(rounds)) {
    const name = `bench-${claimCount}`;
    const claims = await makeWorkload(cluster, name, Number(claimCount));
    const bare = [process.execPath, bench.bareLoop, ...claims];
    const stash = [process.execPath, bench.program, 'snapshot', `deploy/${name}`, '--executor=local'];
    // Warm up, unless there is only one pair: its runs take minutes, and cold caches add milliseconds.
    if (pairCount > 1) for (const command of [bare, stash]) await oneRun(bench, command);
    const configured = buildConfiguration({ kind: 'Deployment', name, namespace }, undefined);
    for (const configuration of configurations) {
      const pairs: Pair[] = [];
      await cluster.patch(backupConfigurations, configured.metadata, configured, { type: 'apply' });
      for (let round = 0; round < pairCount; round++) {
        const without = await oneRun(bench, bare);
        if (configuration === 'created')
          await cluster.delete(backupConfigurations, { name: `deploy-${name}`, namespace });
        pairs.push([without, await oneRun(bench, stash)]);
      }
      rows.push([claimCount, configuration, ...measurements(Number(claimCount), pairs)]);
    }
  }
  bench.print(
    `snapshot: --executor=local (auto waits 2s for an operator's answer the first time), storage without delay;\n` +
      `whole processes of the bundle in turn with the bare loop, medians over the pairs\n\n` +
      `${renderTable(headers, rows)}\n`,
  );
}

const headers = [
  'claims',
  'configuration',
  'pairs',
  'bare ms',
  'snapshot ms',
  'difference',
  'ratio',
  'bare requests',
  'requests',
  'claims +',
  'renewals',
];

function measurements(claims: number, pairs: readonly Pair[]): string[] {
  const middle = (value: (pair: Pair) => number) => median(pairs.map(value));
  const requests = middle(([, stash]) => stash.others);
  return [
    String(pairs.length),
    middle(([bare]) => bare.took).toFixed(0),
    middle(([, stash]) => stash.took).toFixed(0),
    middle(([bare, stash]) => stash.took - bare.took).toFixed(0),
    middle(([bare, stash]) => stash.took / bare.took).toFixed(2),
    String(middle(([bare]) => bare.others)),
    String(requests),
    String(requests - claims),
    String(middle(([, stash]) => stash.renewals)),
  ];
}

/** Runs one process, then deletes everything that it created except for a configuration. */
async function oneRun(bench: Workbench, command: readonly string[]): Promise<Run> {
  const { cluster, countRequests } = bench.server;
  const counted = await countRequests();
  const took = await time(bench, command);
  await removeSnapshots(cluster);
  return { took, ...(await counted()) };
}
