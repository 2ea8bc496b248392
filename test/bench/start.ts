/** Measures the program's start-up time and memory, compared with an empty Node and kubectl. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { load } from 'js-yaml';

import { renderTable } from '#src/report/table.ts';

import { bundle } from '../../cmd/bundle.ts';
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

/** The binary is the one that `npm run package` builds for this machine. */
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
      { label: 'usage error of snapshot, binary', command: ['snapshot', '--frobnicate'], exitCode: 2 },
    ]),
    ...started(kubectl, [{ label: 'kubectl version --client', command: ['version', '--client'] }]),
    { label: 'list, from source', command: [node, source, 'list'] },
    { label: 'list, bundle', command: [node, program, 'list'] },
    ...started(binary, [
      { label: 'list, binary', command: ['list'] },
      { label: 'completion of a name, binary', command: ['__complete', 'trigger', ''] },
    ]),
    { label: 'bare GET', command: [node, ...(await bareGet(bench))] },
    ...started(kubectl, [{ label: 'kubectl get backupsessions', command: ['get', 'backupsessions'] }]),
  ];
  const times = commands.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, { command, exitCode }] of commands.entries()) {
      const took = await time(bench, command, exitCode);
      // The first round warms the disk caches and does not count.
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

/** Returns the command of a GET of what `list` reads first, on a connection of its own. */
async function bareGet({ directory, server }: Workbench): Promise<string[]> {
  const program = join(directory, 'bare-get.cjs');
  await bundle('test/bench/bare-get.ts', program);
  const kubeconfig = load(await readFile(server.kubeconfig, 'utf8')) as {
    readonly clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }];
    readonly users: [{ user: { token: string } }];
  };
  const { cluster } = kubeconfig.clusters[0];
  const ca = join(directory, 'ca.crt');
  await writeFile(ca, Buffer.from(cluster['certificate-authority-data'], 'base64'));
  const path = '/apis/snapshot.storage.k8s.io/v1/namespaces/default/volumesnapshots';
  return [program, cluster.server + path, kubeconfig.users[0].user.token, ca];
}

function started(program: string | undefined, commands: readonly Started[]): Started[] {
  if (program === undefined) return [];
  return commands.map((each) => ({ ...each, command: [program, ...each.command] }));
}
