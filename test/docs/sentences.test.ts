/** No long sentence of the documentation is in two files: README is the door, each page says its own. */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const fewestWords = 12;

/** `docs/reference` is printed from the code. */
const files = globSync(['README.md', 'docs/**/*.md'], {
  cwd: root,
  exclude: (path) => path.startsWith(join('docs', 'reference')),
}).sort();

test('no sentence twice', async () => {
  const places = new Map<string, Set<string>>();
  for (const file of files) {
    for (const sentence of longSentences(await readFile(join(root, file), 'utf8'))) {
      places.set(sentence, (places.get(sentence) ?? new Set()).add(file));
    }
  }
  const twice = [...places].filter(([, where]) => where.size > 1);
  assert.deepEqual(
    twice.map(([sentence, where]) => `${[...where].join(', ')}: ${sentence}`),
    [],
  );
});

test('sentences are compared by their words, over line breaks, in lists and in tables', () => {
  const words = 'one two three four five six seven eight nine ten eleven';
  const expected = [`${words} twelve`];
  for (const markdown of [
    `${words}\ntwelve.`,
    `A short one. ${words} [Twelve](page.md)! And another one.`,
    `- ${words}\n  **twelve**.\n- more`,
    `| cell | ${words} \`twelve\`. |`,
  ]) {
    assert.deepEqual(longSentences(markdown), expected, markdown);
  }
  assert.deepEqual(longSentences(words), []);
  assert.deepEqual(longSentences(`\`\`\`console\n${words} twelve.\n\`\`\``), []);
});

function longSentences(markdown: string): string[] {
  return markdown
    .replaceAll(/^```[\s\S]*?^```$/gm, '\n\n')
    .replaceAll(/\]\([^)]*\)/g, '')
    .split(/\n{2,}|^\s*(?:[-*]|\d+\.|#+) |\|/m)
    .flatMap((block) => block.replaceAll(/\s+/g, ' ').split(/(?<=[.!?:])\s/))
    .map((sentence) => sentence.toLowerCase().match(/[\p{L}\p{N}-]+/gu) ?? [])
    .filter((words) => words.length >= fewestWords)
    .map((words) => words.join(' '));
}
