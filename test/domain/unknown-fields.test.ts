import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { restoreSessionSchema } from '#src/api/crds/restore-session.ts';
import type { JsonSchema } from '#src/api/kubernetes.ts';
import { fieldKeys, fieldPath } from '#src/domain/field-path.ts';
import { didYouMean, nearest } from '#src/domain/nearest.ts';
import { describeUnknownField, siblingsAt, unknownFields } from '#src/domain/unknown-fields.ts';

const template = {
  metadata: { name: 'restored' },
  spec: { dataSource: { kind: 'VolumeSnapshot', name: 's' } },
};

const restores: [name: string, object: Record<string, unknown>, described: string[]][] = [
  ['all known', { spec: { driver: 'VolumeSnapshotter', target: { volumeClaimTemplates: [template] } } }, []],
  [
    'a singular',
    { spec: { target: { volumeClaimTemplate: template } } },
    ['unknown field "spec.target.volumeClaimTemplate", did you mean "volumeClaimTemplates"?'],
  ],
  ['nothing like it', { spec: { frobnicate: null } }, ['unknown field "spec.frobnicate"']],
  ['at the top', { specs: {} }, ['unknown field "specs", did you mean "spec"?']],
  [
    'in a list, and twice',
    { spec: { target: { volumeClaimTemplates: [template, { Spec: {}, extra: 1 }] } } },
    [
      'unknown field "spec.target.volumeClaimTemplates[1].Spec", did you mean "spec"?',
      'unknown field "spec.target.volumeClaimTemplates[1].extra"',
    ],
  ],
  [
    'a name that is no word',
    { spec: { 'a.b/c': 1, '[0]': 2 } },
    ['unknown field "spec["a.b/c"]"', 'unknown field "spec["[0]"]"'],
  ],
  [
    'what is kept as it comes',
    {
      spec: {
        runtimeSettings: { pod: { any: 1 } },
        target: { volumeClaimTemplates: [{ spec: { newer: 1 } }] },
      },
    },
    [],
  ],
  ['metadata, which the server itself checks', { metadata: { anything: 1, labels: { a: 'b' } } }, []],
  ['no metadata below the top', { spec: { kind: 'x' } }, ['unknown field "spec.kind"']],
  ['a null field', { spec: null, status: null }, []],
  ['a value of another type', { spec: { target: 'x', rules: 3 } }, []],
  [
    'a name that every object has',
    JSON.parse('{"spec":{"__proto__":1,"toString":2}}') as Record<string, unknown>,
    ['unknown field "spec.__proto__"', 'unknown field "spec.toString"'],
  ],
];

for (const [name, object, described] of restores) {
  test(`unknown fields: ${name}`, () => {
    const manifest = { apiVersion: 'stash.appscode.com/v1beta1', kind: 'RestoreSession', ...object };
    const found = unknownFields(manifest, restoreSessionSchema);
    assert.deepEqual(
      found.map((path) => describeUnknownField(path, restoreSessionSchema)),
      described,
    );
  });
}

test('unknown fields: below the values of a map', () => {
  const schema: JsonSchema = {
    type: 'object',
    properties: {
      map: { type: 'object', additionalProperties: { type: 'object', properties: { known: {} } } },
    },
  };
  assert.deepEqual(unknownFields({ map: { 'a b': { known: 1, knwon: 2 } } }, schema), ['map["a b"].knwon']);
  assert.deepEqual(siblingsAt(schema, 'map["a b"].knwon'), ['known']);
});

test('unknown fields: none below what a schema leaves open', () => {
  const open: JsonSchema = {
    type: 'object',
    properties: { any: { type: 'object', additionalProperties: true }, list: { type: 'array' } },
  };
  assert.deepEqual(unknownFields({ any: { a: { b: 1 } }, list: [{ c: 1 }] }, open), []);
});

test('siblings: none where the schema has no properties', () => {
  assert.deepEqual(siblingsAt(restoreSessionSchema, 'spec.nothing.here'), []);
  assert.deepEqual(siblingsAt(restoreSessionSchema, 'spec'), [
    'apiVersion',
    'kind',
    'metadata',
    'spec',
    'status',
  ]);
});

test('fieldKeys returns the keys from which fieldPath built a path', () => {
  const key = fc.oneof(fc.string(), fc.nat({ max: 99 }), fc.constantFrom('spec', 'a.b', '[0]', '"', '\\'));
  fc.assert(
    fc.property(fc.array(key), (keys) => {
      assert.deepEqual(fieldKeys(keys.reduce<string>(fieldPath, '')), keys);
    }),
  );
});

const types = ['deployment', 'deploy', 'statefulset', 'sts', 'pvc', 'daemonset'];
const words: [string, string | undefined][] = [
  ['deployment', undefined],
  ['Deployment', 'deployment'],
  ['deploymnet', 'deployment'],
  ['Deployments', 'deployment'],
  ['statfulset', 'statefulset'],
  ['pcv', undefined],
  ['pvcs', 'pvc'],
  ['st', undefined],
  ['cronjob', undefined],
  ['', undefined],
];

for (const [word, expected] of words) {
  test(`nearest to ${JSON.stringify(word)} is ${String(expected)}`, () => {
    assert.equal(nearest(word, types), expected);
    assert.equal(didYouMean(word, types), expected === undefined ? '' : `, did you mean "${expected}"?`);
  });
}

test('nearest: undefined without candidates, the first of two equally near ones', () => {
  assert.equal(nearest('word', []), undefined);
  assert.equal(nearest('data-x', new Set(['data-a', 'data-b'])), 'data-a');
});

test('nearest: no name that a terminal would not show', () => {
  assert.equal(nearest('data-x', ['data-\u202ex', 'data-yy']), 'data-yy');
});

test('nearest: another ordinal or time is no misspelling', () => {
  assert.equal(nearest('data-db-1', ['data-db-0', 'data-db-2']), undefined);
  assert.equal(nearest('deploy-foo-1732428001', ['deploy-foo-1732428000']), undefined);
  assert.equal(nearest('deploy-fo-1732428000', ['deploy-foo-1732428000']), 'deploy-foo-1732428000');
});
