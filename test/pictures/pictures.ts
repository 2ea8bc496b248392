/**
 * `npm run pictures`: records all scenes, or those that are named, and draws them. With --from-casts, draws the recordings
 * that are there.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { root } from '#test/demo/stash.ts';
import { missingKubectl } from '#test/e2e/kubectl.ts';

import { formatCast, parseCast, type Cast } from './cast.ts';
import { draw } from './draw.ts';
import { castFile, pictures, svgFile } from './files.ts';
import { record } from './record.ts';
import { scenes, type Scene } from './scenes.ts';
import { missingTerminal } from './typist.ts';

/** A recording mostly waits. */
const atOnce = 3;

async function main(signal: AbortSignal): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { 'from-casts': { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const chosen = choose(positionals);
  const missing = !values['from-casts'] && (missingTerminal() || missingKubectl());
  if (missing !== false) throw new Error(missing);
  await mkdir(join(root, pictures), { recursive: true });
  await forEachBounded(chosen, atOnce, async (scene) => {
    const cast = values['from-casts'] ? await readCast(scene) : await record(scene, signal);
    const svg = await draw(cast);
    await writeFile(castFile(scene.name), formatCast(cast));
    await writeFile(svgFile(scene.name), svg);
    process.stdout.write(`${pictures}/${scene.name}.svg\n`);
  });
}

/** Resolves with the recording, with the title that the scene has now. */
async function readCast({ name, title }: Scene): Promise<Cast> {
  return { ...parseCast(await readFile(castFile(name), 'utf8')), title };
}

/** Returns all scenes if no name is given. */
function choose(names: readonly string[]): readonly Scene[] {
  const known = scenes.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`no picture is named ${unknown}: there are ${known.join(', ')}`);
  return names.length === 0 ? scenes : scenes.filter(({ name }) => names.includes(name));
}

const interrupted = new AbortController();
process.once('SIGINT', () => {
  interrupted.abort(new Error('interrupted'));
});
main(interrupted.signal).catch((error: unknown) => {
  const why: unknown = interrupted.signal.aborted ? interrupted.signal.reason : error;
  process.stderr.write(`error: ${why instanceof Error ? why.message : String(why)}\n`);
  process.exitCode = 1;
});
