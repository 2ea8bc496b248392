import assert from 'node:assert/strict';
import { test } from 'node:test';

import { transferLine, transferred } from '#src/report/transfer.ts';

const mega = 1024 * 1024;

for (const [transfer, line] of [
  [{ files: 0, bytes: 0, total: undefined, elapsedMs: 0 }, '0 bytes, 0 files'],
  [{ files: 1, bytes: 5 * mega, total: undefined, elapsedMs: 2_000 }, '5Mi, 1 file, 2.5Mi/s'],
  [{ files: 3, bytes: mega, total: 0, elapsedMs: 500 }, '1Mi, 3 files'],
  [
    { files: 12, bytes: 25 * mega, total: 100 * mega, elapsedMs: 5_000 },
    '[######------------------]  25% 25Mi of 100Mi, 12 files, 5Mi/s, 15s left',
  ],
  [
    { files: 12, bytes: 101 * mega, total: 100 * mega, elapsedMs: 1_000 },
    '[########################] 100% 101Mi of 100Mi, 12 files, 101Mi/s',
  ],
] as const)
  test(line, () => {
    assert.equal(transferLine(transfer), line);
  });

for (const [bytes, words] of [
  [0, '2 files (0 bytes)'],
  [1, '2 files (1 byte)'],
  [1023, '2 files (1023 bytes)'],
  [2048, '2 files (2Ki)'],
] as const)
  test(`what was copied: ${words}`, () => {
    assert.equal(transferred({ files: 2, bytes }), words);
  });
