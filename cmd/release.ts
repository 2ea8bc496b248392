/**
 * `npm run release [-- --dry-run]`: checks that this commit can be released, builds all files, and publishes
 * them. A dry run stops before publishing, and reports unmet requirements without failing.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';

import { load } from 'js-yaml';

import { imageRepository } from '#src/api/operator.ts';

import { buildImage } from './image/build-image.ts';
import { manifestFile, readManifest } from './package/manifest.ts';
import { platforms } from './package/platforms.ts';
import { project, version } from './package/project.ts';
import { buildRelease } from './package/release.ts';
import { imageFile, publishing } from './release/publishing.ts';
import { shortcomings } from './release/shortcomings.ts';

const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } });
const say = (line: string) => void process.stdout.write(`${line}\n`);
const run = promisify(execFile);

async function release(dryRun: boolean): Promise<void> {
  const git = async (...args: string[]) => (await run('git', args, { cwd: project })).stdout.trim();
  const found = shortcomings({
    version,
    changes: await git('status', '--porcelain'),
    tags: await git('tag', '--points-at', 'HEAD'),
    changelog: await readFile(join(project, 'CHANGELOG.md'), 'utf8'),
    named: await versionsNamed(),
  });
  for (const shortcoming of found) say(`not ready: ${shortcoming}`);
  if (found.length > 0 && !dryRun) throw new Error('not published');

  const directory = join(project, 'dist', 'release');
  const image = join(project, 'dist', 'image');
  const digest = await buildImage(image);
  say(`${image}: ${digest}`);
  const others = new Map([[imageFile, Buffer.from(`${imageRepository}@${digest}\n`)]]);
  await buildRelease({ platforms, directory, others, say });
  for (const [program, ...args] of publishing({ version, directory, image })) {
    say(`${dryRun ? 'would run' : 'running'}: ${[program, ...args].join(' ')}`);
    if (!dryRun) await run(program, args, { cwd: project });
  }
}

async function versionsNamed(): Promise<Map<string, string>> {
  const chart = 'charts/kubectl-stash/Chart.yaml';
  const { version: ofChart } = load(await readFile(join(project, chart), 'utf8')) as { version: string };
  const { spec } = await readManifest();
  return new Map([
    [`${chart} (npm run chart)`, ofChart],
    [manifestFile, spec.version.slice(1)],
  ]);
}

void release(values['dry-run']);
