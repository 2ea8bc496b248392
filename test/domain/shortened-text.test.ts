import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cutEnd, cutMiddle } from '#src/domain/ellipsis.ts';
import { beginning, quoted, shortened } from '#src/domain/quoted.ts';

test('a line that fits stays, and a longer one ends within the columns', () => {
  const rows: [columns: number, end: string, middle: string][] = [
    [9, 'data-db-0', 'data-db-0'],
    [8, 'data-db…', 'data…b-0'],
    [7, 'data-d…', 'dat…b-0'],
    [3, 'da…', 'd…0'],
    [2, 'd…', 'd…'],
    [1, '…', '…'],
    [0, '…', '…'],
  ];
  for (const [columns, end, middle] of rows) {
    assert.equal(cutEnd('data-db-0', columns), end);
    assert.equal(cutMiddle('data-db-0', columns), middle);
  }
});

test('a text in a message has a hundred characters at most, or as many as are asked for', () => {
  const hundred = 'x'.repeat(100);
  assert.equal(shortened(hundred), hundred);
  assert.equal(shortened(`${hundred}y`), `${hundred}…`);
  assert.equal(shortened('abc', 3), 'abc');
  assert.equal(shortened('abcd', 3), 'abc…');
  assert.equal(quoted(`"${hundred}`), `"\\"${hundred.slice(1)}…"`);
});

test('the beginning of a text cuts between any two units, and keeps a shorter text', () => {
  assert.equal(beginning('größe', 4), 'größ');
  assert.equal(beginning('größe', 5), 'größe');
  assert.equal(beginning('größe', 6), 'größe');
  assert.equal(beginning('a🎉b', 2), 'a\ud83c');
});
