import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonSchema } from '#src/api/kubernetes.ts';
import { includesJson } from '#src/domain/includes-json.ts';
import { readJson } from '#src/domain/json.ts';
import { prunedNulls, withoutNulls } from '#src/domain/nulls.ts';
import { escapeInvisible } from '#src/domain/visible-json.ts';

test('text that is not JSON, and no text, read as undefined', () => {
  assert.deepEqual(readJson('{"a":[1]}'), { a: [1] });
  assert.equal(readJson('null'), null);
  for (const text of ['{', '', undefined]) assert.equal(readJson(text), undefined);
});

const included: [present: unknown, wanted: unknown, expected: boolean][] = [
  [1, 1, true],
  [1, '1', false],
  [null, null, true],
  [{ a: 1 }, null, false],
  [{ a: 1, b: 2 }, { a: 1 }, true],
  [{ a: 1, b: 2 }, { a: 1, b: 3 }, false],
  [{ b: 2 }, { a: 1 }, false],
  [{ a: { b: 1, c: 2 } }, { a: { c: 2 } }, true],
  [null, {}, false],
  [null, { a: 1 }, false],
  ['text', {}, false],
  [{}, {}, true],
  [[1, 2, 3], [1, 3], true],
  [[1, 2, 3], [3, 1], false],
  [[1], [1, 1], false],
  [[{ a: 1, b: 2 }], [{ a: 1 }], true],
  [[1], [], true],
  [undefined, [], false],
  ['1', ['1'], false],
  [{ 0: 1 }, [1], false],
];
for (const [present, wanted, expected] of included) {
  test(`${JSON.stringify(present)} ${expected ? 'includes' : 'lacks'} ${JSON.stringify(wanted)}`, () => {
    assert.equal(includesJson(present, wanted), expected);
  });
}

test('null fields are absent where the schema has no place for them', () => {
  const schema: JsonSchema = {
    type: 'object',
    properties: {
      plain: { type: 'string' },
      kept: { type: 'string', nullable: true },
      list: { type: 'array', items: { type: 'object', properties: { plain: { type: 'string' } } } },
      open: { type: 'array' },
    },
  };
  const value = {
    plain: null,
    kept: null,
    unknown: null,
    list: [{ plain: null, unknown: null }, null, 'x'],
    open: [{ plain: null }],
  };
  assert.deepEqual(prunedNulls(value, schema), {
    kept: null,
    unknown: null,
    list: [{ unknown: null }, null, 'x'],
    open: [{ plain: null }],
  });
  for (const same of [null, 'x', 1]) assert.equal(prunedNulls(same, schema), same);
});

test('a kind of the API server itself has no null field, and keeps nulls of lists', () => {
  assert.deepEqual(withoutNulls({ a: null, b: { c: null, d: 0 }, e: [{ f: null }, null], g: '' }), {
    b: { d: 0 },
    e: [{}, null],
    g: '',
  });
  for (const same of [null, 'x', 1, undefined]) assert.equal(withoutNulls(same), same);
});

test('JSON shows characters that move the cursor or hide text as escapes, and means the same', () => {
  const rows: [string, string][] = [
    ['"größe 数据 🎉"', '"größe 数据 🎉"'],
    ['{\n  "a": 1\n}', '{\n  "a": 1\n}'],
    ['"\u202evil\u009b"', '"\\u202evil\\u009b"'],
    ['"\u2028\u2029\u007f\u0001"', '"\\u2028\\u2029\\u007f\\u0001"'],
    ['"\u{e0041}"', '"\\udb40\\udc41"'],
  ];
  for (const [json, shown] of rows) assert.equal(escapeInvisible(json), shown);
  assert.equal(JSON.parse(escapeInvisible('"\u{e0041}\u202e"')), '\u{e0041}\u202e');
});
