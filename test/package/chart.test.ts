/** The chart in the repository is the one that the code prints. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import fc from 'fast-check';

import { definitions } from '#src/operator/metric-definitions.ts';

import { chartFiles, valuesTable } from '../../cmd/chart/chart-files.ts';
import { panels } from '../../cmd/chart/dashboard.ts';
import { mergeLines } from '../../cmd/chart/merge-lines.ts';
import { project, version } from '../../cmd/package/project.ts';

const chart = join(project, 'charts', 'kubectl-stash');
const read = (...path: string[]) => readFileSync(join(...path), 'utf8');

test('every printed file is as `npm run chart` prints it, and there is no other template', () => {
  const files = chartFiles(version.slice(1));
  for (const [path, text] of files)
    assert.equal(read(chart, path), text, `${path} is stale: npm run chart prints it`);
  const templates = globSync('templates/**/*.*', { cwd: chart }).sort();
  assert.deepEqual(templates, [...files.keys()].filter((path) => path.startsWith('templates/')).sort());
});

test('the README of the chart lists every value', () => {
  const rows = read(chart, 'README.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map(squeezed);
  assert.deepEqual(rows, valuesTable().map(squeezed));
});

test('the dashboard asks for metrics that the operator serves', () => {
  const served = new Set(
    Object.values(definitions).map(({ name, type }) => (type === 'histogram' ? `${name}_bucket` : name)),
  );
  const asked = panels.flatMap(({ expression }) => expression.match(/stash_\w+/g) ?? []);
  assert.ok(asked.length > panels.length);
  for (const name of asked) assert.ok(served.has(name), name);
});

const someLines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 8 });

test('merged lines give either text back', () => {
  fc.assert(
    fc.property(someLines, someLines, (off, on) => {
      const merged = mergeLines('it', off, on);
      assert.deepEqual(rendered(merged, false), off);
      assert.deepEqual(rendered(merged, true), on);
    }),
  );
});

test('what two texts share stands once', () => {
  assert.deepEqual(mergeLines('it', ['a', 'b', 'z'], ['a', 'c', 'z', 'd']), [
    ...['a', '{{- if it }}', 'c', '{{- else }}', 'b', '{{- end }}', 'z'],
    ...['{{- if it }}', 'd', '{{- end }}'],
  ]);
});

/** As Helm would, for conditions that are not nested. */
function rendered(lines: readonly string[], it: boolean): string[] {
  let isShown = true;
  return lines.filter((line) => {
    if (line === '{{- if it }}') isShown = it;
    else if (line === '{{- if not (it) }}') isShown = !it;
    else if (line === '{{- else }}') isShown = !isShown;
    else if (line === '{{- end }}') isShown = true;
    else return isShown;
    return false;
  });
}

/** Prettier pads the cells of a table. */
function squeezed(row: string): string {
  return row.replaceAll(/\s+/g, ' ').trim();
}
