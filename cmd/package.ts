/** `npm run package [-- --platform linux-amd64]...`: archives for every platform, or for some, in `dist/release/`. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { hostPlatform, platforms } from './package/platforms.ts';
import { project } from './package/project.ts';
import { buildRelease } from './package/release.ts';

const { values } = parseArgs({
  options: {
    /** `host` is the one of this machine. */
    platform: { type: 'string', multiple: true },
    output: { type: 'string', default: join(project, 'dist', 'release') },
  },
});

const wanted = values.platform?.map((name) => {
  const found = name === 'host' ? hostPlatform() : platforms.find((platform) => platform.name === name);
  if (!found)
    throw new Error(`no platform ${name}; there are ${platforms.map((each) => each.name).join(', ')}`);
  return found;
});

const began = performance.now();
const say = (line: string) => void process.stdout.write(`${line}\n`);
void buildRelease({ platforms: wanted ?? platforms, directory: values.output, say }).then(() => {
  say(`${values.output} (${((performance.now() - began) / 1000).toFixed(0)} s)`);
});
