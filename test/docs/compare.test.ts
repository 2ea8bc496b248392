/** Each statement of `docs/compare.md` about another program links its source. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

const markdown = await readFile(join(import.meta.dirname, '../../docs/compare.md'), 'utf8');
const source = /\]\(https:\/\//;

function section(heading: string): string {
  const [, text = ''] = markdown.split(`\n## ${heading}\n`);
  return text.split('\n## ')[0] ?? '';
}

test('what another program does better', () => {
  const statements = section('What each does better than kubectl-stash').split(/^- /m).slice(1);
  assert(statements.length > 10);
  assert.deepEqual(
    statements.filter((statement) => !source.test(statement)),
    [],
  );
});

test('each feature of another program', () => {
  const rows = section('Feature by feature')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const [[, ...programs] = [], , ...features] = rows;
  assert.equal(programs.at(-1), 'kubectl-stash');
  assert(features.length > 5);
  const without = features.flatMap(([feature = '', ...cells]) =>
    cells
      .slice(0, -1)
      .flatMap((cell, index) =>
        cell === '–' || source.test(cell) ? [] : [`${programs[index] ?? ''}, ${feature}: ${cell}`],
      ),
  );
  assert.deepEqual(without, []);
});
