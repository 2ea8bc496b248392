import assert from 'node:assert/strict';
import { test } from 'node:test';

import { driverWords } from '#src/domain/driver-words.ts';
import { describe } from '#src/domain/session/progress.ts';

const wrapped =
  'Failed to check and update snapshot content: failed to take snapshot of the volume pvc-1: "rpc error: code = Internal desc = disk full"';

for (const [message, words] of [
  [wrapped, 'disk full'],
  ['rpc error: code = Internal desc = outer: rpc error: code = Aborted desc = busy', 'busy'],
  ['rpc error: code = Internal desc = ', 'rpc error: code = Internal desc = '],
  ['desc = disk full', 'disk full'],
  ['"rpc error: desc =  the "data" disk  is full"\n', 'the "data" disk  is full'],
  ['rpc error: desc = \n busy ', 'busy'],
  ['the class is gone', 'the class is gone'],
  ['', 'an error without words'],
] as const) {
  test(`a driver says ${JSON.stringify(words)} in ${JSON.stringify(message)}`, () => {
    assert.equal(driverWords(message), words);
  });
}

test('one cause of several claims is told once', () => {
  const failed = (claim: string, message?: string) => ({ claim, phase: 'Failed' as const, message });
  assert.equal(
    describe([failed('a', 'disk full'), failed('b'), failed('c', 'disk full')]),
    'a, c: disk full; b: failed',
  );
});
