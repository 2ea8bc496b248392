/**
 * `npm run bench [-- start snapshot]`: times and request counts as tables; everything that is compared is measured in
 * turn in one run, so read the times as ratios. The sandbox is served from this process, what is measured are others.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stashCrds } from '#src/api/crds/index.ts';
import { customResourceDefinitions } from '#src/api/resources.ts';
import { startSandbox } from '#src/sandbox/sandbox.ts';

import { bundle } from '../../cmd/bundle.ts';
import { benchSnapshot } from './snapshot.ts';
import { benchStart } from './start.ts';
import type { Bench } from './workbench.ts';

const benches: Readonly<Record<string, Bench>> = { start: benchStart, snapshot: benchSnapshot };

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => !Object.hasOwn(benches, name));
  if (unknown !== undefined) {
    process.stderr.write(`no bench "${unknown}"; there are: ${Object.keys(benches).join(', ')}\n`);
    process.exitCode = 2;
    return;
  }
  const directory = await mkdtemp(join(tmpdir(), 'stash-bench-'));
  const program = join(directory, 'kubectl-stash.cjs');
  const bareLoop = join(directory, 'bare-loop.cjs');
  await Promise.all([bundle('cmd/kubectl-stash.ts', program), bundle('test/bench/bare-loop.ts', bareLoop)]);
  const sandbox = await startSandbox({ directory: join(directory, 'sandbox') });
  try {
    for (const definition of stashCrds) await sandbox.cluster.create(customResourceDefinitions, definition);
    for (const [name, bench] of Object.entries(benches)) {
      if (names.length > 0 && !names.includes(name)) continue;
      await bench({ sandbox, program, bareLoop, print: (text) => void process.stdout.write(text) });
    }
  } finally {
    await sandbox.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

void main(process.argv.slice(2));
