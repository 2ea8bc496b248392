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
