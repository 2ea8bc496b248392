import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { formatCast, parseCast, withoutLongPauses, type Cast } from './cast.ts';

const empty: Cast = { columns: 100, rows: 20, title: 'a title', longestPause: 1.5, output: [] };

test('a recording is a header and a line for each event, as asciinema writes them', () => {
  const output = [{ at: 0.25, data: '\u001b[32m$\r\n' }];
  assert.equal(
    formatCast({ ...empty, output }),
    '{"version":2,"width":100,"height":20,"idle_time_limit":1.5,"title":"a title"}\n[0.25,"o","\\u001b[32m$\\r\\n"]\n',
  );
});

test('a recording is read as it was written', () => {
  const text = fc.string({ unit: 'binary', maxLength: 20 });
  const at = fc.integer({ min: 0, max: 1e6 }).map((milliseconds) => milliseconds / 1_000);
  const event = fc.record({ at, data: text }, { noNullPrototype: true });
  fc.assert(
    fc.property(text, fc.array(event, { maxLength: 5 }), (title, output) => {
      const cast = { ...empty, title, output };
      assert.deepEqual(parseCast(formatCast(cast)), cast);
    }),
  );
});

test('a player begins with the first event, and shortens long pauses', () => {
  const at = (times: readonly number[]) => times.map((time) => ({ at: time, data: '' }));
  assert.deepEqual(withoutLongPauses({ ...empty, output: at([3, 3.5, 9, 10.5]) }), at([0, 0.5, 2, 3.5]));
  assert.deepEqual(withoutLongPauses(empty), []);
});
