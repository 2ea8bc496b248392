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

for (const columns of [80, 200]) {
  test(`a table at ${columns} columns`, () => {
    matchGolden(`table-${columns}`, renderTable(headers, rows, { columns }));
  });
}

test('without a width nothing is cut; without rows only the header is printed', () => {
  assert.equal(renderTable(headers, rows), renderTable(headers, rows, { columns: 1000 }));
  assert.equal(renderTable(headers, []), 'CLAIM   STATE   MESSAGE\n');
});

test('a line is never wider than the terminal if the other columns leave room for the last header', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z ]{0,60}$/), { minLength: 1 }),
      fc.integer({ min: 30, max: 90 }),
      (texts, columns) => {
        const table = renderTable(
          headers,
          texts.map((text) => ['data', 'Ready', text]),
          { columns },
        );
        assert.equal(table.split('\n').length, texts.length + 2);
        for (const line of table.split('\n')) assert.ok(line.length <= columns, line);
        for (const [index, text] of texts.entries()) {
          const shown = table.split('\n')[index + 1]?.slice('data    Ready   '.length) ?? '';
          assert.ok(
            shown === text.trimEnd() || (shown.endsWith('…') && text.startsWith(shown.slice(0, -1))),
            shown,
          );
        }
      },
    ),
  );
});
