import assert from 'node:assert/strict';
import { test } from 'node:test';

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
