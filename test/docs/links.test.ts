/** Every relative link of the documentation leads to a file, and its anchor to a heading of that file. */
import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

import { anchorsOf, withoutCode } from '../../cmd/site/heading-anchor.ts';

const root = join(import.meta.dirname, '../..');
const files = globSync(['*.md', 'docs/**/*.md', 'charts/**/*.md'], { cwd: root });
const texts = new Map(
  await Promise.all(
    files.map(async (file) => [file, withoutCode(await readFile(join(root, file), 'utf8'))] as const),
  ),
);

for (const [file, text] of texts) {
  test(`${file}: its relative links and their anchors exist`, () => {
    const broken = linksOf(text).filter((link) => !isSound(file, link));
    assert.deepEqual(broken, []);
  });
}

function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}

function isSound(file: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const linked = path === '' ? file : normalize(join(dirname(file), path));
  if (!existsSync(join(root, linked))) return false;
  return anchor === undefined || anchorsOf(texts.get(linked) ?? '').has(anchor);
}
