/** `snapshot` beside a loop that only creates as many VolumeSnapshots: time and requests. */
import type { KubernetesObject, PersistentVolumeClaim, Workload } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  backupSessions,
  deployments,
  persistentVolumeClaims,
  volumeSnapshotContents,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { renderTable } from '#src/report/table.ts';
import type { Sandbox } from '#src/sandbox/sandbox.ts';
import { until } from '#test/support/until.ts';

import { median, time, type Bench, type Workbench } from './workbench.ts';

const counts = [1, 20, 100];
const rounds = 9;
const namespace = 'default';

interface Run {
  readonly took: number;
  readonly requests: number;
  readonly renewals: number;
}

export const benchSnapshot: Bench = async (bench) => {
  const rows: string[][] = [];
  for (const count of counts) {
    const name = `bench-${count}`;
    const claims = await makeWorkload(bench.sandbox, name, count);
    const bare = [process.execPath, bench.bareLoop, ...claims];
    const stash = [process.execPath, bench.program, 'snapshot', `deploy/${name}`, '--executor=local'];
    await oneRun(bench, bare);
    for (const configuration of ['created', 'found'] as const) {
      const pairs: (readonly [Run, Run])[] = [];
      await oneRun(bench, stash);
      for (let round = 0; round < rounds; round++) {
        const without = await oneRun(bench, bare);
        if (configuration === 'created')
          await bench.sandbox.cluster.delete(backupConfigurations, { name: `deploy-${name}`, namespace });
        pairs.push([without, await oneRun(bench, stash)]);
      }
      rows.push(row(count, configuration, pairs));
    }
  }
  const headers = [
    'claims',
    'configuration',
    'bare ms',
    'snapshot ms',
    'ratio',
    'bare requests',
    'requests',
    'claims +',
    'renewals',
  ];
  bench.print(
    `snapshot: --executor=local (auto waits 2s for an operator's answer the first time), storage without delay;\n` +
      `whole processes of the bundle in turn with the bare loop, medians of ${rounds} pairs\n\n`,
  );
  bench.print(`${renderTable(headers, rows)}\n`);
};

function row(count: number, configuration: string, pairs: readonly (readonly [Run, Run])[]): string[] {
  const bare = pairs.map(([run]) => run);
  const stash = pairs.map(([, run]) => run);
  const requests = median(stash.map((run) => run.requests));
  return [
    String(count),
    configuration,
    median(bare.map(({ took }) => took)).toFixed(0),
    median(stash.map(({ took }) => took)).toFixed(0),
    median(pairs.map(([without, with_]) => with_.took / without.took)).toFixed(2),
    String(median(bare.map((run) => run.requests))),
    String(requests),
    String(requests - count),
    String(median(stash.map(({ renewals }) => renewals))),
  ];
}

/** One process, and then everything that it made is gone again, but for a configuration. */
async function oneRun(bench: Workbench, command: readonly string[]): Promise<Run> {
  const { cluster, requests } = bench.sandbox;
  requests.reset();
  const took = await time(bench, command);
  const all = requests.count();
  // All else that it writes to a session is its status.
  const renewals = requests.count({ verb: 'patch', plural: 'backupsessions' });
  for (const resource of [volumeSnapshots, backupSessions] satisfies Resource[]) {
    const { items } = await cluster.list<KubernetesObject>(resource, { namespace });
    await Promise.all(items.map(({ metadata }) => cluster.delete(resource, metadata)));
  }
  await until(cluster, volumeSnapshotContents, {}, (contents) => contents.length === 0);
  return { took, requests: all - renewals, renewals };
}

/** A Deployment of no pods with so many bound claims, by name. */
async function makeWorkload({ cluster }: Sandbox, name: string, count: number): Promise<string[]> {
  const claims = Array.from({ length: count }, (_, index) => `${name}-${index}`);
  for (const claim of claims)
    await cluster.create<PersistentVolumeClaim>(persistentVolumeClaims, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: claim, namespace },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
  await cluster.create<Workload>(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [{ name: 'main', image: 'busybox' }],
          volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
        },
      },
    },
  });
  await until(cluster, persistentVolumeClaims, { namespace }, (items) =>
    items.every(({ status }) => status?.phase === 'Bound'),
  );
  return claims;
}
