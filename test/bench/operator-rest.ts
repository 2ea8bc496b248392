/** Measures what an idle operator costs: requests and memory, by the number of objects. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Stored } from '#src/api/kubernetes.ts';
import { backupConfigurations, volumeSnapshots } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { buildBackupSession, buildSnapshot } from '#src/domain/backup/build-backup.ts';
import { targetOfConfiguration } from '#src/domain/configuration/configured-target.ts';
import { renderTable } from '#src/report/table.ts';
import { until } from '#test/support/until.ts';

import {
  describeRequests,
  sortRequests,
  startOperator,
  type OperatorProcess,
  type OperatorRequests,
} from './operator-process.ts';
import type { RealServer } from './servers.ts';
import { median, type Workbench } from './workbench.ts';
import { makeConfigured, namespace } from './workload.ts';

/** How many objects of each kind there are. */
export interface Inventory {
  readonly configurations: number;
  readonly snapshots: number;
}

const windowMs = 120_000;
const sampleEveryMs = 2_000;
/** After this long without a request, the operator counts as idle. */
const quietMs = 5_000;
const atOnce = 32;
/** 10,000 configurations have to become Ready. */
const patience = 1_800_000;

interface Rest {
  readonly requests: OperatorRequests;
  /** Median over the window, in MiB. */
  readonly memory: number;
}

/** Each of `steps` has more objects than the one before. */
export async function benchRest(bench: Workbench<RealServer>, steps: readonly Inventory[]): Promise<void> {
  const { server, print } = bench;
  // Its writes to snapshots would be measured as the operator's load.
  await server.processes.get('snapshot-controller')?.stop();
  const rows: string[][] = [];
  const seen: string[] = [];
  let made: Inventory = { configurations: 0, snapshots: 0 };
  for (const step of steps) {
    const before = made;
    const setUp = step.configurations > before.configurations ? await configure(bench, before, step) : '';
    await makeSnapshots(server, before.snapshots, step.snapshots);
    made = step;
    const { requests, memory } = await rest(bench);
    seen.push(describeRequests(requests.others));
    rows.push([
      String(step.configurations),
      String(step.snapshots),
      String(requests.others.length / (windowMs / 60_000)),
      String(requests.watches),
      String(requests.lease),
      memory.toFixed(0),
      setUp,
    ]);
  }
  print(
    `operator at rest: a process of the bundle for each row, looked at for ${windowMs / 60_000} minutes once ` +
      `${quietMs / 1_000} s have passed without a request; BackupConfigurations are paused, their targets are ` +
      `Deployments of no pods;\nthe snapshot controller is stopped, so no VolumeSnapshot has a status\n\n` +
      `${renderTable(headers, rows)}\n`,
  );
  for (const requests of seen) if (requests !== '') print(`requests at rest: ${requests}\n`);
}

const headers = [
  'configurations',
  'snapshots',
  'requests/min',
  'watches anew',
  'of the Lease',
  'MiB (median)',
  'until all were Ready',
];

async function rest({ server, program }: Workbench<RealServer>): Promise<Rest> {
  const operator = await startOperator(server, program);
  try {
    await settle(server);
    const asked = await server.audit();
    const memory = await sample(operator);
    return { requests: sortRequests(await asked()), memory };
  } finally {
    await operator.stop();
    if (operator.complaints.length > 0) throw new Error(operator.complaints.slice(0, 10).join('\n'));
  }
}

async function sample(operator: OperatorProcess): Promise<number> {
  const samples: number[] = [];
  const end = performance.now() + windowMs;
  while (performance.now() < end) {
    await sleep(sampleEveryMs);
    samples.push(await operator.memory());
  }
  return median(samples);
}

/** Resolves when the operator has sent no request for a while. */
export async function settle(server: RealServer): Promise<void> {
  for (;;) {
    const asked = await server.audit();
    await sleep(quietMs);
    if (sortRequests(await asked()).others.length === 0) return;
  }
}

/** Adds configurations. Resolves with a description of what an operator needs to process new ones. */
async function configure(
  { server, program }: Workbench<RealServer>,
  before: Inventory,
  { configurations: count }: Inventory,
): Promise<string> {
  const { cluster } = server;
  const fresh = Array.from({ length: count - before.configurations }, (_, index) => index);
  await forEachBounded(fresh, atOnce, async (index) => {
    await makeConfigured(cluster, `rest-${before.configurations + index}`, []);
  });
  const asked = await server.audit();
  const began = performance.now();
  const operator = await startOperator(server, program);
  try {
    const areReady = (items: readonly BackupConfiguration[]) =>
      items.length === count && items.every(({ status }) => status?.phase === 'Ready');
    await until(cluster, backupConfigurations, { namespace }, areReady, patience);
    const seconds = (performance.now() - began) / 1_000;
    await settle(server);
    const requests = sortRequests(await asked()).others.length;
    return `${fresh.length} in ${seconds.toFixed(0)} s, ${(requests / fresh.length).toFixed(1)} requests each`;
  } finally {
    await operator.stop();
  }
}

/** Creates snapshots as sessions of the existing configurations would have left them. */
async function makeSnapshots({ cluster }: RealServer, before: number, count: number): Promise<void> {
  const { items } = await cluster.list(backupConfigurations, { namespace });
  const more = Array.from({ length: count - before }, (_, index) => before + index);
  await forEachBounded(more, atOnce, async (index) => {
    const configuration = items[index % items.length];
    if (configuration === undefined) return;
    await cluster.create(volumeSnapshots, snapshotOf(configuration, index));
  });
}

function snapshotOf(configuration: Stored<BackupConfiguration>, index: number) {
  const target = targetOfConfiguration(configuration);
  const claim = `claim-${index}`;
  const at = new Date(index * 60_000);
  const { metadata, ...session } = buildBackupSession({
    configuration,
    target,
    at,
    maker: { by: 'schedule' },
  });
  return buildSnapshot({
    session: {
      ...session,
      metadata: {
        ...metadata,
        uid: `${configuration.metadata.uid}-${index}`,
        creationTimestamp: at.toISOString(),
        resourceVersion: '1',
      },
    } satisfies Stored<BackupSession>,
    target,
    planned: {
      claim: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {
          name: claim,
          namespace,
          uid: `claim-${index}`,
          creationTimestamp: at.toISOString(),
          resourceVersion: '1',
        },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
      snapshotClass: 'sandbox',
    },
    sessionClaims: [claim],
    nameTaken: false,
  });
}
