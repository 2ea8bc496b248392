import assert from 'node:assert/strict';
import { test } from 'node:test';

import { combineErrors } from '#src/domain/combine-errors.ts';
import { StashError } from '#src/errors.ts';

const gone = new StashError('not-found', 'a is gone', { hint: 'look\nlist' });
const refused = new StashError('precondition', 'b is used', { hint: 'list\nwait' });
const waiting = new StashError('waiting-for-consumer', 'c waits');

test('no error, or the only one', () => {
  assert.equal(combineErrors([]), undefined);
  for (const only of [gone, waiting]) assert.equal(combineErrors([only]), only);
});

test('several errors are one of the first kind, with each line once', () => {
  const both = combineErrors([gone, refused, gone]) ?? assert.fail();
  const { kind, message, hint, cause } = both;
  assert.deepEqual(
    { kind, message, hint, cause },
    { kind: 'not-found', message: 'a is gone\nb is used', hint: 'look\nlist\nwait', cause: gone },
  );
});

test('a claim that waits for its first pod gives its kind only where nothing else is wrong', () => {
  assert.equal(combineErrors([waiting, refused])?.kind, 'precondition');
  const alike = combineErrors([waiting, new StashError('waiting-for-consumer', 'd waits')]);
  assert.equal(alike?.kind, 'waiting-for-consumer');
  assert.equal(alike.message, 'c waits\nd waits');
  assert.equal(alike.hint, undefined);
});
