/**
 * Runs pkg: `inject.ts PLATFORM NODE_VERSION LOADER ASSETS OUTPUT`. In a process of its own, since pkg looks for Node
 * in the home directory, changes the working directory, and holds several copies of a program in memory.
 */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { tmpdir } from 'node:os';

// Its command line has no way to name assets.
import sea, { type SeaConfig } from '@yao-pkg/pkg/lib-es5/sea.js';

import { platforms } from './platforms.ts';

const [name, nodeVersion = '', loader = '', assets = '', output = ''] = process.argv.slice(2);
const platform = platforms.find((each) => each.name === name);
if (!platform) throw new Error(`no platform ${name ?? ''}`);

const seaConfig: SeaConfig & Record<string, unknown> = {
  disableExperimentalSEAWarning: true,
  useSnapshot: false,
  useCodeCache: false,
  // $NODE_OPTIONS is meant for the user's own Node.
  execArgvExtension: 'none',
  // The blob remembers this path, so it must be the same wherever it is built: pkg works in a directory beside it.
  main: relative(join(tmpdir(), 'one'), loader),
  assets: Object.fromEntries(readdirSync(assets).map((asset) => [asset, join(assets, asset)])),
};

await sea.default(loader, {
  seaConfig,
  // Ours signs on any system.
  signature: false,
  targets: [{ ...platform.target, nodeRange: `node${nodeVersion}`, output }],
});
