import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Cast } from './cast.ts';
import { framesOf, textOf, type Frame } from './frames.ts';

function castOf(...output: (readonly [at: number, data: string])[]): Cast {
  const events = output.map(([at, data]) => ({ at, data }));
  return { columns: 10, rows: 3, title: '', longestPause: 9, output: events };
}

function shown({ at, rows, cursor }: Frame): unknown[] {
  return [at, rows.map(textOf).join('|'), cursor];
}

test('a frame is what the terminal shows, and where its cursor is', async () => {
  const frames = await framesOf(castOf([0, '$ '], [1, 'ls\r\n\u001b[?25lfile'], [2, '\u001b[?25h']));
  assert.deepEqual(frames.map(shown), [
    [0, '$||', { column: 2, row: 0 }],
    [1, '$ ls|file|', undefined],
    [2, '$ ls|file|', { column: 4, row: 1 }],
  ]);
});

test('a frame does not show that a program erases before it draws', async () => {
  const frames = await framesOf(castOf([0, 'one'], [1, '\r\u001b[K'], [1.01, 'two'], [2, '']));
  assert.deepEqual(
    frames.map(({ rows }) => rows.map(textOf).join('|')),
    ['one||', 'two||'],
  );
});

test('runs have a colour, and are bold or not', async () => {
  const [frame] = await framesOf(castOf([0, 'a \u001b[32mb\u001b[1mc\u001b[0md']));
  assert.deepEqual(frame?.rows[0], {
    runs: [
      { text: 'a ', colour: undefined, isBold: false },
      { text: 'b', colour: 2, isBold: false },
      { text: 'c', colour: 2, isBold: true },
      { text: 'd', colour: undefined, isBold: false },
    ],
    isWrapped: false,
  });
});

test('the rest of a line that is too long is on the next row', async () => {
  const [frame] = await framesOf(castOf([0, '0123456789abc']));
  assert.deepEqual(
    frame?.rows.map((row) => [textOf(row), row.isWrapped]),
    [
      ['0123456789', false],
      ['abc', true],
      ['', false],
    ],
  );
});

test('a recording that a picture cannot show is refused', async () => {
  for (const [data, why] of [
    ['1\r\n2\r\n3\r\n4', /more than 3 rows/],
    ['\u001b[7minverse', /cannot show the style of "i"/],
    ['\u001b[38;5;200mpink', /cannot show the style of "p"/],
    ['\u001b[38;2;1;2;3mrgb', /cannot show the style of "r"/],
    ['\u001b[41mred', /cannot show the style of "r"/],
    ['\u{1F600}', /cannot show the style/],
    ['\u6f22', /cannot show the style/],
  ] as const) {
    await assert.rejects(framesOf(castOf([0, data])), why, JSON.stringify(data));
  }
});
