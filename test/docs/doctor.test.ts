/** The reference of `doctor` lists the checks as the program has them. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { checks } from '#src/domain/checks/index.ts';
import type { Check } from '#src/domain/checks/check.ts';
import { formatRight } from '#src/domain/rights.ts';

const markdown = await readFile(join(import.meta.dirname, '../../docs/reference/doctor.md'), 'utf8');

/** What it is about, what it finds out, the rights that it needs, and the checks after whose failure it does not run. */
function rowOf({ name, of, about, lists = [], rights = [], after = [] }: Check): string[] {
  const needed = [...lists.map((resource) => ({ verb: 'list', resource }) as const), ...rights];
  return [
    `\`${name}\``,
    of,
    about,
    [...new Set(needed.map(formatRight))].join(', '),
    after.map((cause) => `\`${cause}\``).join(', '),
  ];
}

test('docs/reference/doctor.md has a row for each check, in order', () => {
  const rows = markdown
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  assert.deepEqual(rows, checks.map(rowOf));
});
