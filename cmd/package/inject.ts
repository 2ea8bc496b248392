/**
 * `inject.ts PLATFORM NODE_VERSION LOADER ASSETS OUTPUT`: runs pkg. In a process of its own, because pkg
 * looks for Node in the home directory, changes the working directory, and keeps several copies of a program
 * in memory.
 */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { tmpdir } from 'node:os';

// pkg's command line has no option for assets.
import sea, { type SeaConfig } from '@yao-pkg/pkg/lib-es5/sea.js';

import { heapFlags } from '../heap-flags.ts';
import { platforms } from './platforms.ts';

const [name, nodeVersion = '', loader = '', assets = '', output = ''] = process.argv.slice(2);
const platform = platforms.find((each) => each.name === name);
if (!platform) throw new Error(`no platform ${name ?? ''}`);

const seaConfig: SeaConfig & Record<string, unknown> = {
  disableExperimentalSEAWarning: true,
  useSnapshot: false,
  useCodeCache: false,
  execArgv: heapFlags,
  // $NODE_OPTIONS is meant for the user's own Node.
  execArgvExtension: 'none',
  // The blob contains this path, so it must be the same on every machine: pkg works in a sibling directory.
  main: relative(join(tmpdir(), 'one'), loader),
  assets: Object.fromEntries(readdirSync(assets).map((asset) => [asset, join(assets, asset)])),
};

await sea.default(loader, {
  seaConfig,
  // Disabled: our own signer works on any system.
  signature: false,
  targets: [{ ...platform.target, nodeRange: `node${nodeVersion}`, output }],
});
