/** Where the processor time of the packaged `list` goes, by the modules that it loads. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { renderTable } from '#src/report/table.ts';

import { bundle } from '../../cmd/bundle.ts';
import { bundleChunks, type Chunks } from '../../cmd/package/chunks.ts';
import { writeAssets } from '../../cmd/package/executable.ts';
import { hostPlatform } from '../../cmd/package/platforms.ts';
import { program as entry } from '../../cmd/package/release.ts';
import type { Timed } from './timed-loader.ts';
import { median, type Workbench } from './workbench.ts';

const run = promisify(execFile);
const rounds = 21;
const network = /^node:(http|https|net|tls|dns|zlib)$/;

type Parts = Readonly<Record<string, number>>;

export async function benchListParts({ directory, server, print }: Workbench): Promise<void> {
  const platform = hostPlatform();
  if (!platform) return;
  const loader = join(directory, 'timed-loader.cjs');
  const assets = join(directory, 'assets');
  await mkdir(assets);
  const chunks = await bundleChunks(entry);
  await bundle('test/bench/timed-loader.ts', loader);
  await writeAssets(assets, chunks, platform);
  const runs: Parts[] = [];
  for (let round = -1; round < rounds; round++) {
    const { stderr } = await run(process.execPath, [loader, assets, 'list'], {
      env: { ...process.env, KUBECONFIG: server.kubeconfig },
    });
    const timed = JSON.parse(stderr.slice(stderr.lastIndexOf('{"begin"'))) as Timed;
    // The first round warms the disk caches and does not count.
    if (round >= 0) runs.push(partsOf(timed, chunks));
  }
  const rows = Object.keys(runs[0] ?? {}).map((part) => [
    part,
    median(runs.map((run) => run[part] ?? 0)).toFixed(1),
  ]);
  print(`list, packaged: processor time of its process, medians of ${rounds} rounds\n\n`);
  print(`${renderTable(['part', 'ms'], rows)}\n`);
}

function partsOf({ begin, modules, loaded, end }: Timed, { metafile }: Chunks): Parts {
  const holds = (name: string, what: RegExp) =>
    Object.entries(metafile.outputs).some(
      ([output, { inputs }]) =>
        output.endsWith(name.slice(1)) &&
        Object.entries(inputs).some(([input, { bytesInOutput }]) => what.test(input) && bytesInOutput > 0),
    );
  const sum = (matches: (name: string) => boolean) =>
    modules.filter(([name]) => matches(name)).reduce((total, [, milliseconds]) => total + milliseconds, 0);
  const isChunk = (name: string) => name.startsWith('./');
  const isOf = (what: RegExp) => (name: string) => isChunk(name) && holds(name, what);
  const isYaml = isOf(/node_modules\/js-yaml\/.*\.m?js$/);
  const isKubeConfig = isOf(/@kubernetes\/client-node\/dist\/config/);
  const all = sum(() => true);
  return {
    "Node's own start, and the loader's": begin,
    'node:https and what it loads': sum((name) => network.test(name)),
    'other modules of Node': sum((name) => !isChunk(name) && !network.test(name)),
    'the chunk with js-yaml': sum((name) => isYaml(name) && !isKubeConfig(name)),
    'the chunk with KubeConfig': sum(isKubeConfig),
    "the program's own chunks": sum((name) => isChunk(name) && !isYaml(name) && !isKubeConfig(name)),
    'running until all are there: command line, kubeconfig': loaded - begin - all,
    'running after that: TLS, two requests, the table': end - loaded,
  };
}
