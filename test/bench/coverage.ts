/** Compares `coverage -A` and `list -A` of a large cluster with what kubectl needs to list its snapshots. */
import { join } from 'node:path';

import { renderTable } from '#src/report/table.ts';

import { heapFlags } from '../../cmd/heap-flags.ts';
import { largeCluster } from './large-cluster.ts';
import { startPageServer } from './page-server.ts';
import { median, peakMemory, time, type Workbench } from './workbench.ts';

const points = 10;
const rounds = 3;

export type Listing = Omit<Workbench, 'server'> & { readonly kubectl: string | undefined };

/** `scales`: numbers of claims. */
export async function benchCoverage(
  { kubectl, program, directory, print }: Listing,
  scales: readonly number[],
): Promise<void> {
  if (kubectl === undefined) throw new Error('coverage is compared with kubectl, but there is none');
  const node = process.execPath;
  const kubeconfig = join(directory, 'pages');
  const place = { server: { kubeconfig } };
  const listed = (kind: string) => [kubectl, 'get', kind, '-A', '--cache-dir', directory];
  const commands: Readonly<Record<string, readonly string[]>> = {
    'kubectl get volumesnapshots -A': listed('volumesnapshots'),
    'kubectl get pvc -A': listed('pvc'),
    'coverage -A': [node, ...heapFlags, program, 'coverage', '-A'],
    'list -A': [node, ...heapFlags, program, 'list', '-A'],
  };
  for (const claims of scales) {
    const server = await startPageServer(largeCluster({ claims, points }), kubeconfig);
    try {
      const measured = Object.entries(commands).map(([label, command]) => ({
        ...{ label, command, times: [] as number[], memory: [] as number[] },
      }));
      // The server prepares its pages, and kubectl learns the kinds.
      for (const { command } of measured) await time(place, command);
      for (let round = 0; round < rounds; round++) {
        for (const { command, times } of measured) times.push(await time(place, command));
        for (const { command, memory } of measured) memory.push((await peakMemory(place, command)) ?? NaN);
      }
      const [first] = measured;
      const ratio = (values: readonly number[], to: readonly number[] = []) =>
        median(values.map((value, round) => value / (to[round] ?? NaN))).toFixed(2);
      const rows = measured.map(({ label, times, memory }) => [
        ...[label, median(times).toFixed(0), ratio(times, first?.times)],
        ...[median(memory).toFixed(0), ratio(memory, first?.memory)],
      ]);
      print(
        `coverage: ${claims} claims, ${claims * points} snapshots; whole processes in turn, medians of ${rounds} rounds\n\n` +
          `${renderTable(['command', 'ms', 'ratio', 'peak MiB', 'ratio'], rows)}\n`,
      );
    } finally {
      await server.stop();
    }
  }
}
