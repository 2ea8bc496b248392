import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decodeText, NotText } from '#src/cluster/decode-text.ts';
import { readYaml } from '#src/cluster/yaml.ts';

const values: [text: string, value: unknown][] = [
  ['010', 8],
  ['0o17', 15],
  ['08', 8],
  ['0x1F', 31],
  ['-0b11', -3],
  ['+12', 12],
  ['1_000', 1000],
  ['1e3', 1000],
  ['1.', 1],
  ['.5', 0.5],
  ['1:30', '1:30'],
  ['2020-01-01', '2020-01-01'],
  ['1.2.3', '1.2.3'],
  ['"010"', '010'],
  ['yes', true],
  ['Off', false],
  ['n', false],
  ['~', null],
  ['{a: 1, a: 2}', { a: 2 }],
  ['{<<: {a: 1, b: 1}, a: 2}', { a: 2, b: 1 }],
  ['{<<: [{a: 1}, {a: 2, b: 2}]}', { a: 1, b: 2 }],
  ['{1: a, yes: b}', { '1': 'a', true: 'b' }],
];

test('YAML is read as kubectl reads it', () => {
  for (const [text, value] of values) assert.deepEqual(readYaml(text), [value], text);
  assert.deepEqual(readYaml('a: 1\n---\nb: 2\n'), [{ a: 1 }, { b: 2 }]);
});

test('encodings of a file', () => {
  const text = 'f\u00fcr \u2713';
  const marked = Buffer.from(`\uFEFF${text}`, 'utf16le');
  for (const bytes of [
    Buffer.from(text),
    Buffer.from(`\uFEFF${text}`),
    marked,
    Buffer.from(marked).swap16(),
  ]) {
    assert.equal(decodeText(bytes), text);
  }
  const latin = Buffer.from('f\u00fcr', 'latin1');
  assert.throws(() => decodeText(latin), NotText);
  assert.equal(decodeText(latin, { lossy: true }), 'f\uFFFDr');
});
