import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseStripped } from '#src/domain/restore/strip-labels.ts';
import { isStashError } from '#src/errors.ts';

test('a name stands for itself, and a prefix for all of its labels', () => {
  const rows: readonly [words: string[], stripped: string[], kept: string[]][] = [
    [[], [], ['app', '']],
    [['app'], ['app'], ['application', 'x/app', 'app/x']],
    [['a.example.com/owner'], ['a.example.com/owner'], ['owner', 'a.example.com/owners']],
    [['example.com/'], ['example.com/a', 'example.com/b'], ['a.example.com/a', 'example.com']],
    [['app', 'example.com/'], ['app', 'example.com/a'], ['tier']],
  ];
  for (const [words, stripped, kept] of rows) {
    const isStripped = parseStripped(words);
    assert.deepEqual([...stripped, ...kept].filter(isStripped), stripped, words.join());
  }
});

test('what cannot be a label is refused', () => {
  for (const word of ['', '/', 'app=web', 'a/b/', '/app', '-app', 'app-', 'App/x', 'a b', 'example.com/*']) {
    const isRefused = (error: unknown) =>
      isStashError(error, 'usage') &&
      error.message.includes(`"${word}" is not the name of a label`) &&
      error.hint?.includes('for all labels of that prefix') === true;
    assert.throws(() => parseStripped(['fine', word]), isRefused, word);
  }
});
