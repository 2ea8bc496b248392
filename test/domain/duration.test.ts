import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { formatAge, formatDuration, formatGoDuration, parseDuration } from '#src/domain/duration.ts';

const [s, m, h, d, y] = [1000, 60_000, 3_600_000, 86_400_000, 31_536_000_000];

test('parses Go durations', () => {
  const rows: [string, number | undefined][] = [
    ['0', 0],
    ['10m', 10 * m],
    ['1h30m', 90 * m],
    ['90s', 90 * s],
    ['500ms', 500],
    ['1.5h', 90 * m],
    ['.5s', 500],
    ['1m2.5s', 62_500],
    ['2000us', 2],
    ['2000µs', 2],
    [`${'0'.repeat(98)}1s`, s],
    [`${'0'.repeat(99)}1s`, undefined],
    ['2562047h', 2_562_047 * h],
    ['2562048h', undefined],
    ['', undefined],
    ['10', undefined],
    ['10 m', undefined],
    ['-1m', undefined],
    ['m', undefined],
    ['1d', undefined],
    ['1m!', undefined],
  ];
  for (const [text, milliseconds] of rows) assert.equal(parseDuration(text), milliseconds, text);
});

test('prints durations for people', () => {
  const rows: [number, string][] = [
    [-5, '0s'],
    [0, '0s'],
    [400, '0.4s'],
    [960, '1s'],
    [12.4 * s, '12s'],
    [59.6 * s, '1m'],
    [185 * s, '3m5s'],
    [3600 * s - 1, '1h'],
    [130 * m, '2h10m'],
    [49 * h, '49h'],
  ];
  for (const [milliseconds, text] of rows) assert.equal(formatDuration(milliseconds), text);
});

test("prints Go's format, which parses back to the same duration", () => {
  const rows: [number, string][] = [
    [0, '0s'],
    [400, '400ms'],
    [s, '1s'],
    [12_345, '12.345s'],
    [62_500, '1m2.5s'],
    [h + 5 * s, '1h0m5s'],
  ];
  for (const [milliseconds, text] of rows) assert.equal(formatGoDuration(milliseconds), text);
  fc.assert(
    fc.property(fc.nat(), (milliseconds) => {
      assert.equal(Math.round(parseDuration(formatGoDuration(milliseconds)) ?? NaN), milliseconds);
    }),
  );
});

test('prints ages as kubectl does', () => {
  const rows: [number, string][] = [
    [-2 * s, '<invalid>'],
    [-1.9 * s, '0s'],
    [0, '0s'],
    [5.9 * s, '5s'],
    [119.9 * s, '119s'],
    [2 * m, '2m'],
    [150 * s, '2m30s'],
    [10 * m, '10m'],
    [179 * m, '179m'],
    [3 * h, '3h'],
    [200 * m, '3h20m'],
    [8 * h - 1, '7h59m'],
    [47 * h, '47h'],
    [2 * d, '2d'],
    [53 * h, '2d5h'],
    [7 * d, '7d'],
    [12 * d, '12d'],
    [2 * y - 1, '729d'],
    [2 * y, '2y'],
    [2 * y + 30 * d, '2y30d'],
    [8 * y + 30 * d, '8y'],
  ];
  for (const [milliseconds, text] of rows) assert.equal(formatAge(milliseconds), text);
});
