import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { isObject } from '#src/sandbox/api-server/json.ts';
import { jsonPatch, mergePatch } from '#src/sandbox/api-server/patch.ts';
import { strategicMerge } from '#src/sandbox/api-server/strategic-merge.ts';

const json = fc.jsonValue({ maxDepth: 3 });
const plain = { noNullPrototype: true };
const document = fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), json, plain);

function hasNull(value: unknown): boolean {
  return value === null || (isObject(value) && Object.values(value).some(hasNull));
}

/** Returns the merge patch from one document to another, within RFC 7386, which cannot set a null. */
function difference(from: unknown, to: unknown): unknown {
  if (!isObject(from) || !isObject(to)) return to;
  const removed = Object.keys(from).filter((key) => !Object.hasOwn(to, key));
  const changed = Object.entries(to).map(([key, value]) => [
    key,
    difference(Object.hasOwn(from, key) ? from[key] : undefined, value),
  ]);
  return Object.fromEntries([...removed.map((key) => [key, null]), ...changed]);
}

await test('merge patch: idempotent, and able to produce every document without nulls', () => {
  fc.assert(
    fc.property(document, document, (target, patch) => {
      const before = structuredClone(target);
      const once = mergePatch(target, patch);
      assert.deepEqual(mergePatch(once, patch), once);
      assert.deepEqual(target, before);
    }),
  );
  fc.assert(
    fc.property(document, document, (from, to) => {
      fc.pre(!hasNull(to));
      assert.deepEqual(mergePatch(from, difference(from, to)), to);
    }),
  );
});

await test('JSON patch: the operations of RFC 6902', () => {
  const rows: [document: unknown, patch: object[], result: unknown][] = [
    [{ a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    // As the real server does; RFC 6902 would refuse it.
    [{ a: 1 }, [{ op: 'replace', path: '/b', value: 2 }], { a: 1, b: 2 }],
    [{ a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    [{ a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    [{ a: [1, 2] }, [{ op: 'remove', path: '/a/0' }], { a: [2] }],
    [
      { 'x/y': 1, '~': 2 },
      [
        { op: 'replace', path: '/x~1y', value: 3 },
        { op: 'remove', path: '/~0' },
      ],
      { 'x/y': 3 },
    ],
    [{ a: { b: 1 } }, [{ op: 'move', from: '/a/b', path: '/c' }], { a: {}, c: 1 }],
    [
      { a: 1 },
      [
        { op: 'copy', from: '/a', path: '/b' },
        { op: 'test', path: '/b', value: 1 },
      ],
      { a: 1, b: 1 },
    ],
  ];
  for (const [before, patch, result] of rows) assert.deepEqual(jsonPatch(before, patch), result);
  const refused: [document: unknown, patch: unknown, reason: string][] = [
    [{}, [{ op: 'remove', path: '/a' }], 'Invalid'],
    [{ a: [] }, [{ op: 'add', path: '/a/1', value: 1 }], 'Invalid'],
    [{ a: 1 }, [{ op: 'test', path: '/a', value: 2 }], 'Invalid'],
    [{}, [{ op: 'nonsense', path: '/a' }], 'Invalid'],
    [{}, { op: 'add' }, 'BadRequest'],
  ];
  for (const [before, patch, reason] of refused) assert.throws(() => jsonPatch(before, patch), { reason });
});

await test('strategic merge: lists of named items are merged by name', () => {
  const spec = {
    containers: [
      { name: 'a', image: 'a:1', ports: [{ containerPort: 80 }], args: ['x', 'y'] },
      { name: 'b', image: 'b:1', env: [{ name: 'E', value: '1' }] },
    ],
    volumes: [{ name: 'v', emptyDir: {} }],
  };
  const rows: [patch: object, result: object][] = [
    [
      { containers: [{ name: 'b', image: 'b:2' }] },
      { ...spec, containers: [spec.containers[0], { ...spec.containers[1], image: 'b:2' }] },
    ],
    [{ containers: [{ name: 'c' }] }, { ...spec, containers: [{ name: 'c' }, ...spec.containers] }],
    [{ containers: [{ name: 'a', $patch: 'delete' }] }, { ...spec, containers: [spec.containers[1]] }],
    [{ containers: [{ $patch: 'replace' }, { name: 'z' }] }, { ...spec, containers: [{ name: 'z' }] }],
    [
      { containers: [{ name: 'a', args: ['z'], ports: [{ containerPort: 81 }] }] },
      {
        ...spec,
        containers: [
          { ...spec.containers[0], args: ['z'], ports: [{ containerPort: 81 }, { containerPort: 80 }] },
          spec.containers[1],
        ],
      },
    ],
    [
      { $setElementOrder$: 1, '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] },
      { ...spec, $setElementOrder$: 1, containers: [spec.containers[1], spec.containers[0]] },
    ],
    [
      { volumes: [{ name: 'v', $retainKeys: ['name', 'secret'], secret: {} }] },
      { ...spec, volumes: [{ name: 'v', secret: {} }] },
    ],
    [{ volumes: null }, { containers: spec.containers }],
  ];
  for (const [patch, result] of rows) assert.deepEqual(strategicMerge(spec, patch), result);
  const finalizers = { finalizers: ['a', 'b'] };
  assert.deepEqual(strategicMerge(finalizers, { finalizers: ['c'] }), { finalizers: ['c', 'a', 'b'] });
  assert.deepEqual(strategicMerge(finalizers, { '$deleteFromPrimitiveList/finalizers': ['a'] }), {
    finalizers: ['b'],
  });
});

await test('strategic merge without lists, nulls and directives is a merge patch', () => {
  const tree = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.integer(),
      fc.string(),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), plain),
    ),
  })).value;
  fc.assert(
    fc.property(tree, tree, (target, patch) => {
      assert.deepEqual(strategicMerge(target, patch), mergePatch(target, patch));
    }),
  );
});
