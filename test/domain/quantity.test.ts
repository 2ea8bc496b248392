import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { formatBytes, formatSize, maxQuantity, parseQuantity } from '#src/domain/quantity.ts';

test('parses every spelling of a quantity, rounded up to bytes', () => {
  const rows: [string, bigint | undefined][] = [
    ['0', 0n],
    ['512', 512n],
    ['1Ki', 1024n],
    ['1Gi', 1n << 30n],
    ['8Ei', 8n << 60n],
    ['1.5Gi', 3n << 29n],
    ['.5Ki', 512n],
    ['1.Ki', 1024n],
    ['+1k', 1000n],
    ['2M', 2_000_000n],
    ['1E', 10n ** 18n],
    ['1e3', 1000n],
    ['1E3', 1000n],
    ['1.25e2', 125n],
    ['15e-1', 2n],
    ['1500m', 2n],
    ['1n', 1n],
    ['128974848000m', 128974848n],
    ['', undefined],
    ['Gi', undefined],
    ['1 Gi', undefined],
    ['1gi', undefined],
    ['1K', undefined],
    ['-1Gi', undefined],
    ['1Gi\n', undefined],
    ['1e40', 10n ** 40n],
    ['1e41', undefined],
    ['1e999999999', undefined],
  ];
  for (const [text, bytes] of rows) assert.equal(parseQuantity(text), bytes, text);
});

test('prints bytes in the largest suitable unit', () => {
  const rows: [bigint, string][] = [
    [0n, '0'],
    [1023n, '1023'],
    [1024n, '1Ki'],
    [512n << 20n, '512Mi'],
    [1n << 30n, '1Gi'],
    [3n << 29n, '1.5Gi'],
    [10n ** 9n, '953.7Mi'],
    [(1n << 30n) - 1n, '1Gi'],
    [2000n << 60n, '2000Ei'],
  ];
  for (const [bytes, text] of rows) assert.equal(formatBytes(bytes), text);
});

test('a printed quantity parses back to nearly the same bytes', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 1n << 64n), (bytes) => {
      const back = parseQuantity(formatBytes(bytes));
      assert.ok(back !== undefined);
      const difference = back > bytes ? back - bytes : bytes - back;
      assert.ok(difference * 20n <= bytes + 20n, `${bytes} became ${back}`);
    }),
  );
});

test('the larger quantity keeps its spelling', () => {
  assert.equal(maxQuantity('1Gi', '1024Mi'), '1Gi');
  assert.equal(maxQuantity('1Gi', '1073741825'), '1073741825');
  assert.equal(maxQuantity('2G', '1Gi'), '2G');
  assert.equal(maxQuantity(undefined, '1Gi'), '1Gi');
  assert.equal(maxQuantity('1Gi', undefined), '1Gi');
  assert.equal(maxQuantity(undefined, undefined), undefined);
  assert.equal(maxQuantity('much', '0'), '0');
  assert.equal(maxQuantity('0', 'much'), '0');
  assert.equal(maxQuantity(undefined, 'much'), 'much');
});

for (const [bytes, text] of [
  [0, '0 bytes'],
  [1, '1 byte'],
  [1023.9, '1023 bytes'],
  [1536, '1.5Ki'],
] as const)
  test(`the size of a file: ${text}`, () => {
    assert.equal(formatSize(bytes), text);
  });
