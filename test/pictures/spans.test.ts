import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { spansOf } from './spans.ts';

test('a span lasts until the thing is another one, or gone', () => {
  const things = ['a', 'a', undefined, 'a', 'b'].map((thing, at) => ({ at, thing }));
  assert.deepEqual(
    spansOf(things, ({ thing }) => thing),
    [
      { thing: 'a', from: 0, to: 2 },
      { thing: 'a', from: 3, to: 4 },
      { thing: 'b', from: 4, to: undefined },
    ],
  );
});

test('at the time of each frame, the spans have what it shows', () => {
  const frames = fc
    .array(fc.option(fc.constantFrom('a', 'b'), { nil: undefined }))
    .map((things) => things.map((thing, at) => ({ at, thing })));
  fc.assert(
    fc.property(frames, (shown) => {
      const spans = spansOf(shown, ({ thing }) => thing);
      for (const { at, thing } of shown) {
        const then = spans.filter(({ from, to = Infinity }) => from <= at && at < to);
        assert.deepEqual(
          then.map((span) => span.thing),
          thing === undefined ? [] : [thing],
        );
      }
    }),
  );
});
