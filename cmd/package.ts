/**
 * `npm run package [-- --platform linux-amd64]...`: builds archives in `dist/release/`, for all platforms or
 * those given.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { hostPlatform, platforms } from './package/platforms.ts';
import { project } from './package/project.ts';
import { buildRelease } from './package/release.ts';

const { values } = parseArgs({
  options: {
    /** `host` stands for this machine's platform. */
    platform: { type: 'string', multiple: true },
    output: { type: 'string', default: join(project, 'dist', 'release') },
  },
});

const wanted = values.platform?.map((name) => {
  const found = name === 'host' ? hostPlatform() : platforms.find((platform) => platform.name === name);
  if (!found)
    throw new Error(`unknown platform ${name}; available: ${platforms.map((each) => each.name).join(', ')}`);
  return found;
});

const began = performance.now();
const say = (line: string) => void process.stdout.write(`${line}\n`);
void buildRelease({ platforms: wanted ?? platforms, directory: values.output, say }).then(() => {
  say(`${values.output} (${((performance.now() - began) / 1000).toFixed(0)} s)`);
});
