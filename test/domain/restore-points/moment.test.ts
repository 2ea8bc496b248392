import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { parseMoment, parseSince, parseUntil, type Moment } from '#src/domain/restore-points/moment.ts';

/** Local time. */
const local = (...[year, month, ...rest]: [number, number, number, number?, number?, number?, number?]) =>
  new Date(year, month - 1, ...rest);
const now = local(2026, 11, 28, 14, 30);

const rows: [text: string, Moment | undefined][] = [
  ['3h', { notAfter: local(2026, 11, 28, 11, 30) }],
  ['1h30m', { notAfter: local(2026, 11, 28, 13) }],
  ['2d', { notAfter: new Date(now.getTime() - 2 * 86_400_000) }],
  ['12d', { notAfter: new Date(now.getTime() - 12 * 86_400_000) }],
  ['2d2', undefined],
  ['x2d', undefined],
  ['yesterday', { notAfter: local(2026, 11, 27, 23, 59, 59, 999) }],
  ['2026-11-26', { notAfter: local(2026, 11, 26, 23, 59, 59, 999) }],
  ['2026-11-28T03:00', { notAfter: local(2026, 11, 28, 3, 0, 59, 999) }],
  ['2026-11-28T03:00:10', { notAfter: local(2026, 11, 28, 3, 0, 10, 999) }],
  ['2026-11-28T03:00Z', { notAfter: new Date(Date.UTC(2026, 10, 28, 3, 0, 59, 999)) }],
  ['2026-11-28T03:00:10+02:00', { notAfter: new Date(Date.UTC(2026, 10, 28, 1, 0, 10, 999)) }],
  ['-1', { place: 1 }],
  ['-2', { place: 2 }],
  ['-0', undefined],
  ['-1h', undefined],
  ['2026-13-01', undefined],
  ['2026-11-28T25:00', undefined],
  ['latest', undefined],
  ['deploy-foo-1732428000', undefined],
  ['', undefined],
];
for (const [text, expected] of rows) {
  test(`--from ${JSON.stringify(text)}: ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(parseMoment(text, now), expected);
  });
}

test('any text is a moment of this kind or none', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^-?\d+[dhms]?$/)), (text) => {
      const moment = parseMoment(text, now);
      if (moment === undefined) return;
      assert.ok('place' in moment ? moment.place >= 1 : !Number.isNaN(moment.notAfter.getTime()));
    }),
  );
});

const sinces: [text: string, Date | undefined][] = [
  ['3h', local(2026, 11, 28, 11, 30)],
  ['2d', new Date(now.getTime() - 2 * 86_400_000)],
  ['yesterday', local(2026, 11, 27)],
  ['2026-11-26', local(2026, 11, 26)],
  ['2026-11-28T03:00', local(2026, 11, 28, 3)],
  ['2026-11-28T03:00:10Z', new Date(Date.UTC(2026, 10, 28, 3, 0, 10))],
  ['-2', undefined],
  ['latest', undefined],
];
for (const [text, expected] of sinces) {
  test(`--since ${text}: ${String(expected?.toISOString())}`, () => {
    assert.deepEqual(parseSince(text, now), expected);
  });
}

const untils: [text: string, Date | undefined][] = [
  ['72h', new Date(now.getTime() + 72 * 3_600_000)],
  ['12d', new Date(now.getTime() + 12 * 86_400_000)],
  ['2026-11-30', local(2026, 11, 30, 23, 59, 59, 999)],
  ['2026-11-30T03:00', local(2026, 11, 30, 3, 0, 59, 999)],
  ['tomorrow', undefined],
  ['-2', undefined],
];
for (const [text, expected] of untils) {
  test(`--keep-until ${text}: ${String(expected?.toISOString())}`, () => {
    assert.deepEqual(parseUntil(text, now), expected);
  });
}
