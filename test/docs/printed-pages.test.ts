/** The pages that are printed from the code are as the code prints them. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { commands } from '#src/commands/index.ts';

import { commandsWithExitCodes } from '../../cmd/docs/exit-codes.ts';
import { code, prose, table } from '../../cmd/docs/markdown.ts';
import { printedFolders, printedPages } from '../../cmd/docs/printed-pages.ts';
import { project } from '../../cmd/package/project.ts';

const docs = join(project, 'docs');

test('every printed page is as `npm run docs` prints it, and its folders hold no other', async () => {
  const pages = await printedPages();
  for (const [path, text] of pages) {
    assert.equal(
      readFileSync(join(docs, path), 'utf8'),
      text,
      `docs/${path} is stale: npm run docs prints it`,
    );
  }
  const present = globSync(
    printedFolders.map((folder) => `${folder}/**/*.*`),
    { cwd: docs },
  );
  assert.deepEqual(
    present.filter((path) => !pages.has(path)),
    [],
    'npm run docs deletes them',
  );
});

test('every command that users see has a page, and no other', async () => {
  const pages = await printedPages();
  const titles = [...pages.values()].flatMap((text) => /^# kubectl stash (.+)$/m.exec(text)?.[1] ?? []);
  assert.deepEqual(
    titles,
    commands.filter(({ hidden }) => hidden !== true).map(({ name }) => name),
  );
});

test('the exit codes name commands that exist', () => {
  const names = commands.map(({ name }) => name);
  assert.deepEqual(
    commandsWithExitCodes.filter((name) => !names.includes(name)),
    [],
  );
});

for (const [text, markdown] of [
  ['use --from or -A', 'use `--from` or `-A`'],
  ['see "kubectl stash list -A", else fail', 'see `kubectl stash list -A`, else fail'],
  ['--wait=false, a -2 and a well-known x', '`--wait=false`, a -2 and a well-known x'],
  ['<TYPE> and ${POD_ORDINAL}', String.raw`\<TYPE\> and $\{POD_ORDINAL\}`],
] as const) {
  test(`as Markdown: ${text}`, () => {
    assert.equal(prose(text), markdown);
  });
}

test('a cell may contain a pipe', () => {
  assert.equal(table(['a'], [[code('x|y')]]), '| a |\n| --- |\n| `x\\|y` |');
});
