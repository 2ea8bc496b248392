/** How long the program takes to start, and what memory it takes, beside an empty Node and kubectl. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { renderTable } from '#src/report/table.ts';

import { bundleChunks } from '../../cmd/package/chunks.ts';
import { buildExecutable } from '../../cmd/package/executable.ts';
import { hostPlatform } from '../../cmd/package/platforms.ts';
import { program as entry } from '../../cmd/package/release.ts';
import { median, peakMemory, time, type Workbench } from './workbench.ts';

const rounds = 21;
const node = process.execPath;
const source = join(import.meta.dirname, '../../cmd/kubectl-stash.ts');

interface Started {
  readonly label: string;
  readonly command: readonly string[];
  readonly exitCode?: number;
}

/** The binary is the one that `npm run package` makes for this machine. */
export async function benchStart(bench: Workbench): Promise<void> {
  const { program, print, server } = bench;
  const { kubectl } = server;
  const binary = await packaged(bench.directory);
  const commands: readonly Started[] = [
    { label: 'node -e 0', command: [node, '-e', '0'] },
    { label: 'version --client, from source', command: [node, source, 'version', '--client'] },
    { label: 'version --client, bundle', command: [node, program, 'version', '--client'] },
    ...started(binary, [
      { label: 'version --client, binary', command: ['version', '--client'] },
      { label: '--help, binary', command: ['--help'] },
      { label: 'usage error, binary', command: ['list', '--frobnicate'], exitCode: 2 },
    ]),
    ...started(kubectl, [{ label: 'kubectl version --client', command: ['version', '--client'] }]),
    { label: 'list, from source', command: [node, source, 'list'] },
    { label: 'list, bundle', command: [node, program, 'list'] },
    ...started(binary, [{ label: 'list, binary', command: ['list'] }]),
    ...started(kubectl, [{ label: 'kubectl get backupsessions', command: ['get', 'backupsessions'] }]),
  ];
  const times = commands.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, { command, exitCode }] of commands.entries()) {
      const took = await time(bench, command, exitCode);
      // The first round warms the disk's caches.
      if (round >= 0) times[index]?.push(took);
    }
  }
  const floor = median(times[0] ?? []);
  const rows: string[][] = [];
  for (const [index, { label, command, exitCode }] of commands.entries()) {
    const took = median(times[index] ?? []);
    const peak = exitCode === undefined ? await peakMemory(bench, command) : undefined;
    rows.push([label, took.toFixed(0), (took / floor).toFixed(2), peak?.toFixed(0) ?? '']);
  }
  print(
    `start: whole processes, medians of ${rounds} rounds${kubectl !== undefined ? '' : '; no kubectl found'}\n\n`,
  );
  print(`${renderTable(['command', 'ms', 'of node -e 0', 'peak mib'], rows)}\n`);
}

async function packaged(directory: string): Promise<string | undefined> {
  const platform = hostPlatform();
  if (!platform) return undefined;
  const path = join(directory, platform.program);
  await writeFile(path, await buildExecutable(platform, await bundleChunks(entry)), { mode: 0o755 });
  return path;
}

function started(program: string | undefined, commands: readonly Started[]): Started[] {
  if (program === undefined) return [];
  return commands.map((each) => ({ ...each, command: [program, ...each.command] }));
}
