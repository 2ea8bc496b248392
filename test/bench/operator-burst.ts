/**
 * Measures many sessions that are due at once, carried out in the operator's process, against a bare loop
 * over the same number of claims.
 */
import { backupConfigurations, backupSessions } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import type { Stored } from '#src/api/kubernetes.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { buildBackupSession } from '#src/domain/backup/build-backup.ts';
import { targetOfConfiguration } from '#src/domain/configuration/configured-target.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { renderTable } from '#src/report/table.ts';
import { until } from '#test/support/until.ts';

import { describeRequests, sortRequests, startOperator } from './operator-process.ts';
import { settle } from './operator-rest.ts';
import type { RealServer } from './servers.ts';
import { median, time, type Workbench } from './workbench.ts';
import { allBound, claimNames, makeClaim, makeConfigured, namespace, removeSnapshots } from './workload.ts';

export interface BurstPlan {
  /** Pairs of runs for each number of claims, which is a multiple of five. */
  readonly rounds: readonly (readonly [claims: number, pairs: number])[];
  /** Arguments for Node, before the program, such as those for a profile. */
  readonly nodeArgs: readonly string[];
}

const claimsEach = 5;
const atOnce = 32;
const patience = 1_800_000;

interface Burst {
  /** Milliseconds. */
  readonly took: number;
  readonly requests: number;
  readonly watches: number;
  readonly described: string;
}

interface Application {
  readonly configuration: Stored<BackupConfiguration>;
  readonly claims: readonly string[];
}

export async function benchBurst(
  bench: Workbench<RealServer>,
  { rounds, nodeArgs }: BurstPlan,
): Promise<void> {
  const { server, program, print } = bench;
  const rows: string[][] = [];
  const seen: string[] = [];
  const applications: Application[] = [];
  const operator = await startOperator(server, program, nodeArgs);
  try {
    for (const [claimCount, pairCount] of rounds) {
      const sessions = claimCount / claimsEach;
      await createApplications(server, applications, sessions);
      const bareLoop = [process.execPath, bench.bareLoop, ...applications.flatMap(({ claims }) => claims)];
      const bare: number[] = [];
      const bursts: Burst[] = [];
      for (let round = 0; round < pairCount; round++) {
        bare.push(await time(bench, bareLoop));
        await removeSnapshots(server.cluster);
        bursts.push(await burst(server, applications));
        await removeSnapshots(server.cluster);
      }
      const middle = (value: (burst: Burst, round: number) => number) => median(bursts.map(value));
      rows.push([
        String(sessions),
        String(claimCount),
        String(pairCount),
        median(bare).toFixed(0),
        middle(({ took }) => took).toFixed(0),
        middle(({ took }, round) => took / (bare[round] ?? NaN)).toFixed(2),
        (middle(({ requests }) => requests) / sessions).toFixed(1),
        (middle(({ watches }) => watches) / sessions).toFixed(1),
        (await operator.memory()).toFixed(0),
      ]);
      seen.push(`${sessions} sessions: ${bursts.at(-1)?.described ?? ''}`);
    }
  } finally {
    await operator.stop();
  }
  print(
    `burst: sessions of ${claimsEach} claims each, created at the same time, from the first creation until the last ` +
      `is Succeeded;\n--run-sessions=in-process, in turn with the bare loop of as many claims, medians of so many pairs\n\n` +
      `${renderTable(headers, rows)}\n`,
  );
  for (const line of seen) print(`${line}\n`);
  for (const line of operator.complaints.slice(0, 20)) print(`${line}\n`);
}

const headers = [
  'sessions',
  'claims',
  'pairs',
  'bare ms',
  'operator ms',
  'ratio',
  'requests/session',
  'watches/session',
  'MiB afterwards',
];

async function burst(server: RealServer, applications: readonly Application[]): Promise<Burst> {
  const { cluster } = server;
  const asked = await server.audit();
  const over = (items: readonly Stored<BackupSession>[]) =>
    items.length === applications.length && items.every((session) => isFinal(session));
  const ended = until(cluster, backupSessions, { namespace }, over, patience);
  const began = performance.now();
  await forEachBounded(applications, atOnce, async ({ configuration }) => {
    const target = targetOfConfiguration(configuration);
    await cluster.create(
      backupSessions,
      buildBackupSession({ configuration, target, at: new Date(), maker: { by: 'schedule' } }),
    );
  });
  const sessions = await ended;
  const took = performance.now() - began;
  const bad = sessions.filter(({ status }) => status?.phase !== 'Succeeded');
  if (bad.length > 0) throw new Error(`${bad.length} sessions failed: ${JSON.stringify(bad[0]?.status)}`);
  // Count the requests after the sessions' end, too.
  await settle(server);
  const { others, watches } = sortRequests(await asked());
  return { took, requests: others.length, watches, described: describeRequests(others) };
}

/** Creates this many applications. Resolves when all claims are bound and all configurations are Ready. */
async function createApplications(
  server: RealServer,
  applications: Application[],
  count: number,
): Promise<void> {
  const { cluster } = server;
  const names = Array.from(
    { length: count - applications.length },
    (_, index) => `burst-${applications.length + index}`,
  );
  await forEachBounded(names, atOnce, async (name) => {
    const claims = claimNames(name, claimsEach);
    await Promise.all(claims.map((claim) => makeClaim(cluster, claim)));
    applications.push({ claims, configuration: await makeConfigured(cluster, name, claims) });
  });
  await allBound(cluster);
  const areReady = (items: readonly BackupConfiguration[]) =>
    items.length === count && items.every(({ status }) => status?.phase === 'Ready');
  await until(cluster, backupConfigurations, { namespace }, areReady, patience);
  await settle(server);
}
