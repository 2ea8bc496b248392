/** Every command of ours that the documentation names in a sentence exists, with the flags that it shows. */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { findCommand } from '#src/cli/find-command.ts';
import { globalFlags } from '#src/cli/global-flags.ts';
import { tokenize } from '#src/cli/tokens.ts';
import { commands } from '#src/commands/index.ts';

const root = join(import.meta.dirname, '../..');
const start = 'kubectl stash ';

const files = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).sort();
const texts = await Promise.all(files.map((file) => readFile(join(root, file), 'utf8')));

for (const [index, file] of files.entries()) {
  const named = [...(texts[index] ?? '').matchAll(/`(kubectl stash [^`]+)`/g)].map(([, words = '']) => words);
  for (const words of new Set(named.filter((each) => !each.startsWith(`${start}...`)))) {
    test(`${file}: ${words}`, async () => {
      const [first = '', ...line] = words.slice(start.length).split(' ');
      const found = await findCommand(first, line, commands);
      if (found.kind === 'group') return;
      const { flags } = await found.entry.load();
      const unknown = [...tokenize(found.rest, { ...globalFlags, ...flags })].filter(
        ({ kind }) => kind === 'unknown',
      );
      assert.deepEqual(unknown, []);
    });
  }
}
