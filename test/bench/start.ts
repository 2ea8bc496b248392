/** How long the program takes to start, beside an empty Node and kubectl. */
import { join } from 'node:path';

import { renderTable } from '#src/report/table.ts';

import { median, time, type Workbench } from './workbench.ts';

const rounds = 11;
const node = process.execPath;
const source = join(import.meta.dirname, '../../cmd/kubectl-stash.ts');

export async function benchStart(bench: Workbench): Promise<void> {
  const { program, print, server } = bench;
  const { kubectl } = server;
  const commands: readonly (readonly [label: string, command: readonly string[]])[] = [
    ['node -e 0', [node, '-e', '0']],
    ['version --client, from source', [node, source, 'version', '--client']],
    ['version --client, bundle', [node, program, 'version', '--client']],
    ['list, from source', [node, source, 'list']],
    ['list, bundle', [node, program, 'list']],
    ...(kubectl !== undefined
      ? ([
          ['kubectl version --client', [kubectl, 'version', '--client']],
          ['kubectl get backupsessions', [kubectl, 'get', 'backupsessions']],
        ] as const)
      : []),
  ];
  const times = commands.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, [, command]] of commands.entries()) {
      const took = await time(bench, command);
      // The first round warms the disk's caches.
      if (round >= 0) times[index]?.push(took);
    }
  }
  const floor = median(times[0] ?? []);
  const rows = commands.map(([label], index) => {
    const took = median(times[index] ?? []);
    return [label, took.toFixed(0), (took / floor).toFixed(2)];
  });
  print(
    `start: whole processes, medians of ${rounds} rounds${kubectl !== undefined ? '' : '; no kubectl found'}\n\n`,
  );
  print(`${renderTable(['command', 'ms', 'of node -e 0'], rows)}\n`);
}
