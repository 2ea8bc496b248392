import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { splitList } from '#src/cluster/split-list.ts';

const whole = { withoutManagedFields: false };
const without = { withoutManagedFields: true };

function split(text: string, options = whole) {
  const { list, items } = splitList(Buffer.from(text), options);
  return { list, items: [...items] };
}

/** Keys and texts that look like parts of a list. */
const tricky = fc.oneof(
  fc.constantFrom('items', 'metadata', 'managedFields', '},{"a":', ']', '"', '\\', '\\"', '[{', 'ü日'),
  fc.string({ unit: 'binary' }),
);
/** JSON.parse of V8 14.6 may return another key for one that begins with an escape: `{"a":1,"\\n":2}`. No key of Kubernetes does. */
const keys = tricky.filter((key) => !JSON.stringify(key).startsWith('"\\'));
const { value: anything } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    tricky,
    fc.constantFrom(null, true, 0, -1.5e9),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
  ),
}));
const anObject = fc.dictionary(keys, anything, { maxKeys: 4 });
const indents = fc.constantFrom(undefined, '\t');

test('any list has the items that JSON.parse finds, and the rest around them', () => {
  fc.assert(
    fc.property(anObject, fc.array(anObject), anObject, indents, (before, items, after, indent) => {
      const list = { ...before, items, ...after, metadata: { continue: 'x' } };
      fc.pre(!Object.hasOwn(after, 'items'));
      const text = JSON.stringify(list, null, indent);
      const parsed = JSON.parse(text) as typeof list;
      assert.deepEqual(split(text), {
        list: { ...parsed, items: items.map(() => 0) },
        items: parsed.items,
      });
    }),
  );
});

test('of the managed fields of an item, nothing is left, and all else is', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ spec: anything, before: anObject, fields: fc.array(anything), after: anything })),
      indents,
      (drawn, indent) => {
        const itemsWith = (fieldsOf: (fields: readonly unknown[]) => unknown) =>
          drawn.map(({ spec, before, fields, after }) => ({
            spec: { metadata: { managedFields: [spec] }, managedFields: [spec] },
            metadata: { before, managedFields: fieldsOf(fields), owners: [after], after },
            last: [{ metadata: { managedFields: [after] } }],
          }));
        const text = JSON.stringify({ items: itemsWith((fields) => fields) }, null, indent);
        const left = JSON.stringify(itemsWith(() => []));
        assert.deepEqual(split(text, without).items, JSON.parse(left));
      },
    ),
  );
});

test('a list without items has none, and other answers are returned as they are', () => {
  for (const value of [{ items: null }, {}, { metadata: { items: [{}] } }, [{ items: [] }], null, 7]) {
    assert.deepEqual(split(JSON.stringify(value)), { list: value, items: [] });
  }
});

test('what is not JSON is refused', () => {
  for (const text of [
    '',
    '<html>',
    '{"items":[',
    '{"items":[{}',
    '{"items":[{}{}]}',
    '{"items":[{},]}',
    '{"items":[{}]',
    '{"items":[{}]}}',
    '{"items":[{"a":"}]}',
  ]) {
    assert.throws(() => splitList(Buffer.from(text), whole), SyntaxError, text);
  }
  assert.throws(() => split('{"items":[{"a":}]}'), SyntaxError);
});

test('an item that is not an object is refused', () => {
  for (const item of ['1', '0', 'null', '"x"', '[]', '[{"metadata":{}}]']) {
    assert.throws(() => splitList(Buffer.from(`{"items":[{},${item}]}`), whole), SyntaxError, item);
  }
});

test('no item is parsed before it is asked for', () => {
  const { items } = splitList(Buffer.from('{"items":[{"a":1},{"a":}]}'), whole);
  const [first] = items;
  assert.deepEqual(first, { a: 1 });
});
