/** Every page has its picture, and every picture is that of its recording. test/pictures/fresh.long.ts records anew. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

import { root } from '#test/demo/stash.ts';

import { parseCast } from './cast.ts';
import { draw } from './draw.ts';
import { castFile, pictures, svgFile } from './files.ts';
import { framesOf, textOf } from './frames.ts';
import { scenes } from './scenes.ts';

const largest = 150_000;

test('README and every guide have a picture', () => {
  const guides = readdirSync(join(root, 'docs/guides')).map((file) => `docs/guides/${file}`);
  assert.deepEqual(scenes.map(({ page }) => page).sort(), ['README.md', ...guides].sort());
});

test('every picture belongs to a scene of test/pictures/scenes.ts', () => {
  const files = scenes.flatMap(({ name }) => [`${name}.cast`, `${name}.svg`]);
  assert.deepEqual(readdirSync(join(root, pictures)).sort(), files.sort());
});

for (const { name, title, page, steps } of scenes) {
  test(`${name}: its page shows the picture, and says in words what it shows`, async () => {
    const link = relative(dirname(page), join(pictures, `${name}.svg`));
    const text = await readFile(join(root, page), 'utf8');
    assert(text.includes(`\n![${title}](${link})\n`), `${page} has no line ![${title}](${link})`);
  });

  test(`${name}: the picture is drawn from the recording beside it, and small`, async () => {
    const [cast, svg] = await Promise.all([
      readFile(castFile(name), 'utf8'),
      readFile(svgFile(name), 'utf8'),
    ]);
    const { columns, title: said } = parseCast(cast);
    assert.equal(said, title, 'run npm run pictures -- --from-casts');
    assert.equal(svg, await draw(parseCast(cast)), 'run npm run pictures -- --from-casts');
    assert(columns <= 100 && cast.length < largest && svg.length < largest);
  });

  test(`${name}: the recording has the commands of the scene`, async () => {
    const frames = await framesOf(parseCast(await readFile(castFile(name), 'utf8')));
    const rows = frames.at(-1)?.rows.map(textOf) ?? [];
    const typed = rows.filter((row) => row.startsWith('$ ')).map((row) => row.slice('$ '.length));
    const seen = steps.filter(({ isSeen }) => isSeen).map(({ command }) => command);
    assert.deepEqual(typed, seen, `run npm run pictures -- ${name}`);
  });
}
