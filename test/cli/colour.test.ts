import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';

import { paintFor } from '#src/cli/colour.ts';
import { renderTable, type Paint } from '#src/report/table.ts';

const phases = ['Succeeded', 'Ready', 'Bound', 'Running', 'Failed', 'Pending', 'Incomplete', ''];

const rows: [isTTY: boolean, env: Record<string, string>, hasColour: boolean][] = [
  [true, {}, true],
  [true, { TERM: 'xterm', NO_COLOR: '' }, true],
  [true, { TERM: 'xterm', NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '0' }, false],
  [true, { TERM: 'dumb' }, false],
  [false, {}, false],
];
for (const [isTTY, env, hasColour] of rows) {
  test(`${isTTY ? 'a terminal' : 'a file'} with ${JSON.stringify(env)}: ${hasColour ? 'colour' : 'none'}`, () => {
    assert.equal(paintFor(isTTY, { env }) !== undefined, hasColour);
  });
}

const paint: Paint = paintFor(true, { env: {} }) ?? assert.fail();

test('success is green, running yellow, failure red, all else as it is', () => {
  assert.deepEqual(phases.map(paint), [
    '\u001b[32mSucceeded\u001b[39m',
    '\u001b[32mReady\u001b[39m',
    '\u001b[32mBound\u001b[39m',
    '\u001b[33mRunning\u001b[39m',
    '\u001b[31mFailed\u001b[39m',
    ...['Pending', 'Incomplete', ''],
  ]);
});

test('a table in colour has the widths of one without, and only its phases are coloured', () => {
  const headers = ['claim', 'state', 'waits for'];
  const cells = phases.map((phase) => ['Failed', phase, 'Failed']);
  const table = renderTable(headers, cells, { paint });
  assert.equal(stripVTControlCharacters(table), renderTable(headers, cells));
  assert.match(table, /^Failed {3}Pending {6}Failed$/m);
  assert.match(table, /^Failed {3}\u001b\[33mRunning\u001b\[39m {6}Failed$/m);
});
