import assert from 'node:assert/strict';
import { test } from 'node:test';

import { accept, failure, noChoice, refuse, type Finding } from '#src/domain/finding.ts';

const first = failure('not-found', 'it is gone', { hint: 'look', fix: 'make' });
const passing: Finding[] = [
  { level: 'ok', message: 'fine' },
  { level: 'warn', message: 'odd' },
  { level: 'unknown', message: 'needs a right' },
];

test('the first failure is thrown as the error of a command', () => {
  const refusal = () => {
    refuse([...passing, first, failure('precondition', 'another')]);
  };
  assert.throws(refusal, { name: 'StashError', kind: 'not-found', message: 'it is gone', hint: 'look' });
});

test('a failure says how the command ends', () => {
  assert.deepEqual(failure('not-found', 'it is gone', { hint: 'look' }), {
    level: 'fail',
    kind: 'not-found',
    message: 'it is gone',
    hint: 'look',
  });
});

test('no other finding stops a command', () => {
  refuse(passing);
  refuse([]);
});

test('a choice gives its value, or throws its failure', () => {
  assert.equal(accept({ value: 7 }), 7);
  assert.equal(accept<string | undefined>({ value: undefined }), undefined);
  assert.throws(() => accept(noChoice('precondition', 'none')), { kind: 'precondition', message: 'none' });
});
