/**
 * `npm run release:node`: compares the Node of each platform's npm package, which the program contains, with the one that
 * nodejs.org has published. Exits with 1 if one differs.
 */
import { nodeRuntime } from './package/node-runtime.ts';
import { platforms } from './package/platforms.ts';
import { nodeVersion } from './package/project.ts';
import { compareNode } from './release/compare-node.ts';

const different = await compareNode({
  url: `https://nodejs.org/dist/v${nodeVersion}`,
  version: nodeVersion,
  platforms,
  bundled: nodeRuntime,
  say: (line) => void process.stdout.write(`${line}\n`),
});
for (const line of different) process.stderr.write(`${line}\n`);
if (different.length > 0) process.exitCode = 1;
