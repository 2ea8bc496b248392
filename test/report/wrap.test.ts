import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { wrap } from '#src/report/wrap.ts';

const rows: [text: string, columns: number, lines: string[]][] = [
  ['', 10, ['']],
  ['not created yet', 15, ['not created yet']],
  ['not created yet', 14, ['not created', 'yet']],
  ['not created yet', 11, ['not created', 'yet']],
  ['a sha256:0123456789', 8, ['a', 'sha256:0', '12345678', '9']],
  [' 0123456789', 5, [' 0123', '45678', '9']],
  ['one two three four five six seven', 5, ['one', 'two', 'three', 'four', 'five…']],
];
for (const [text, columns, lines] of rows) {
  test(`"${text}" in ${columns} columns`, () => {
    assert.deepEqual(wrap(text, columns), lines);
  });
}

test('no line is longer than the columns, and nothing is lost unless there are too many lines', () => {
  const text = fc.stringMatching(/^[a-z]{1,30}( [a-z]{1,30}){0,20}$/);
  fc.assert(
    fc.property(
      text,
      fc.integer({ min: 1, max: 90 }),
      fc.integer({ min: 1, max: 9 }),
      (text, columns, most) => {
        const lines = wrap(text, columns, most);
        assert(lines.length <= most);
        for (const line of lines) assert(line.length <= columns, line);
        const shown = lines.join('').replaceAll(' ', '');
        const whole = text.replaceAll(' ', '');
        if (shown.endsWith('…')) assert(lines.length === most && whole.startsWith(shown.slice(0, -1)));
        else assert.equal(shown, whole);
      },
    ),
  );
});
