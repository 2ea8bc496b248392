import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { renderTable } from '#src/report/table.ts';

import { matchGolden } from '#test/support/golden.ts';

const headers = ['claim', 'state', 'message'];
const rows = [
  ['data', 'Succeeded', ''],
  [
    'protokoll-über-日本語-データ',
    'Failed',
    'the storage system says: no space left on device, retrying 全部で 12 回',
  ],
  ['\u001b[31mred\u001b[0m\nnext', 'Pending', 'waits for \u202eits first consumer'],
];

test('a table', () => {
  matchGolden('table', renderTable(headers, rows));
});

test('without rows only the header is printed', () => {
  assert.equal(renderTable(headers, []), 'CLAIM   STATE   MESSAGE\n');
});

test('without rows and headers nothing is printed', () => {
  assert.equal(renderTable(headers, [], { header: 'none' }), '');
});

test('headers are in upper case unless they are names that a user wrote', () => {
  const one = [['data', 'Failed', 'x']];
  assert.match(renderTable(headers, one), /^CLAIM /);
  assert.match(renderTable(headers, one, { header: 'as-written' }), /^claim /);
  assert.match(renderTable(headers, one, { header: 'none' }), /^data /);
});

test('only phases and states have colours', () => {
  const words = ['state', 'phase', 'estate', 'phases', 'name'];
  const painted = renderTable(words, [[...words.map(() => 'Failed'), 'Failed']], {
    paint: (phase) => `<${phase}>`,
  });
  const [, row = ''] = painted.split('\n');
  assert.deepEqual(row.split(/ +/), ['<Failed>', '<Failed>', 'Failed', 'Failed', 'Failed', 'Failed']);
});

test('a long table has the lines of a short one', () => {
  const times = 250;
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constant('名前'));
  const row = fc.tuple(text, fc.constantFrom('Failed', 'Ready', ''), text);
  const paint = (phase: string) => `\u001b[31m${phase}\u001b[39m`;
  fc.assert(
    fc.property(row, (cells) => {
      const [head, line] = renderTable(headers, [cells], { paint }).split('\n');
      const long = renderTable(headers, Array<string[]>(times).fill(cells), { paint }).split('\n');
      assert.deepEqual(long, [head, ...Array<string | undefined>(times).fill(line), '']);
    }),
    { numRuns: 200 },
  );
});
