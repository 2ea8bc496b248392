/** Compares `doctor -A` of clusters with many configured namespaces with what kubectl needs to list their snapshots. */
import { join } from 'node:path';

import { renderTable } from '#src/report/table.ts';

import { heapFlags } from '../../cmd/heap-flags.ts';
import { configuredCluster } from './configured-cluster.ts';
import type { Listing } from './coverage.ts';
import { largeCluster, type Size } from './large-cluster.ts';
import { startPageServer } from './page-server.ts';
import { median, peakMemory, time, type Workbench } from './workbench.ts';

const rounds = 3;
/** No operator runs the schedules. */
const amiss = 1;

const sizes: readonly Required<Size>[] = [
  { namespaces: 20, claims: 1_000, points: 10 },
  { namespaces: 100, claims: 10_000, points: 1 },
  { namespaces: 100, claims: 10_000, points: 10 },
  { namespaces: 400, claims: 10_000, points: 10 },
];

export async function benchDoctor({ kubectl, program, directory, print }: Listing): Promise<void> {
  if (kubectl === undefined) throw new Error('doctor is compared with kubectl, but there is none');
  const kubeconfig = join(directory, 'pages');
  const place = { server: { kubeconfig } };
  const listed = [kubectl, 'get', 'volumesnapshots', '-A', '--cache-dir', directory];
  const doctor = [process.execPath, ...heapFlags, program, 'doctor', '-A'];
  const rows: string[][] = [];
  for (const size of sizes) {
    const server = await startPageServer(configuredCluster(largeCluster(size)), kubeconfig);
    try {
      // The server prepares its answers, and kubectl learns the kinds.
      await time(place, listed);
      await time(place, doctor, amiss);
      const ratios = { time: [] as number[], memory: [] as number[] };
      const own = { time: [] as number[], memory: [] as number[] };
      let requests = 0;
      for (let round = 0; round < rounds; round++) {
        const listing = await measure(place, listed);
        server.requests();
        const doctors = await measure(place, doctor, amiss);
        requests = server.requests();
        own.time.push(doctors.time);
        own.memory.push(doctors.memory);
        ratios.time.push(doctors.time / listing.time);
        ratios.memory.push(doctors.memory / listing.memory);
      }
      const { namespaces, claims, points } = size;
      rows.push([
        ...[namespaces, claims, claims * points, requests].map(String),
        ...[median(own.time).toFixed(0), median(ratios.time).toFixed(2)],
        ...[median(own.memory).toFixed(0), median(ratios.memory).toFixed(2)],
      ]);
    } finally {
      await server.stop();
    }
  }
  print(
    `doctor -A: whole processes in turn with kubectl get volumesnapshots -A, to which the ratios are; medians of ${rounds} rounds\n\n` +
      `${renderTable(['namespaces', 'claims', 'snapshots', 'requests', 'ms', 'ratio', 'peak MiB', 'ratio'], rows)}\n`,
  );
}

/** Of one run: kubectl needs a minute for the largest cluster. */
async function measure(
  place: { readonly server: Pick<Workbench['server'], 'kubeconfig'> },
  command: readonly string[],
  expected = 0,
) {
  const began = performance.now();
  const memory = (await peakMemory(place, command, expected)) ?? NaN;
  return { time: performance.now() - began, memory };
}
