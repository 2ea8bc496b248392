/** The rules of an API server for CRDs, and the printed file. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { dump, loadAll } from 'js-yaml';
import { stashCrds } from '#src/api/crds/index.ts';
import type { JsonSchema } from '#src/api/kubernetes.ts';
import { schemaOf, validatorOf } from './openapi.ts';

const keywords = new Set([
  'description',
  'type',
  'format',
  'properties',
  'additionalProperties',
  'items',
  'required',
  'enum',
  'default',
  'pattern',
  'anyOf',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-int-or-string',
]);

function broken(node: JsonSchema): string[] {
  const has = (keyword: keyof JsonSchema) => node[keyword] !== undefined;
  const either = node['x-kubernetes-int-or-string'] === true;
  const open = node['x-kubernetes-preserve-unknown-fields'] === true;
  const eitherOf = [{ type: 'integer' }, { type: 'string' }];
  const rules: [boolean, string][] = [
    [Object.keys(node).every((keyword) => keywords.has(keyword)), 'only keywords of structural schemas'],
    [has('type') || either || open, 'a type'],
    [!either || !has('type'), 'no type beside int-or-string'],
    [
      JSON.stringify(node.anyOf ?? null) === JSON.stringify(either ? eitherOf : null),
      'anyOf for int-or-string only',
    ],
    [!(has('properties') && has('additionalProperties')), 'properties or additionalProperties, not both'],
    [!(has('properties') || has('additionalProperties')) || node.type === 'object', 'fields in objects only'],
    [has('items') === (node.type === 'array'), 'items in every array, and there only'],
    [(node.required ?? []).every((name) => node.properties?.[name]), 'what is required is listed'],
    [!has('default') || validatorOf(node)(node.default).length === 0, 'a default that is valid'],
    [node.description !== '', 'no empty description'],
  ];
  return rules.filter(([kept]) => !kept).map(([, rule]) => rule);
}

function* nodesOf(node: JsonSchema, path = ''): Generator<[string, JsonSchema]> {
  yield [path, node];
  for (const [key, child] of Object.entries(node.properties ?? {})) yield* nodesOf(child, `${path}.${key}`);
  if (node.items) yield* nodesOf(node.items, `${path}[]`);
  if (typeof node.additionalProperties === 'object') yield* nodesOf(node.additionalProperties, `${path}{}`);
}

for (const crd of stashCrds) {
  const { kind, plural, singular } = crd.spec.names;

  test(`${kind}: the schema is structural`, () => {
    for (const [path, node] of nodesOf(schemaOf(crd))) assert.deepEqual(broken(node), [], path);
    assert.deepEqual(schemaOf(crd).properties?.['metadata'], { type: 'object' });
  });

  test(`${kind}: named after its kind, with one stored version`, () => {
    assert.equal(crd.metadata.name, `${plural}.stash.appscode.com`);
    assert.equal(singular, kind.toLowerCase());
    assert.deepEqual(
      crd.spec.versions.map(({ name, served, storage, subresources }) => ({
        name,
        served,
        storage,
        subresources,
      })),
      [{ name: 'v1beta1', served: true, storage: true, subresources: { status: {} } }],
    );
  });
}

test('a broken schema is detected', () => {
  assert.deepEqual(broken({ type: 'array' }), ['items in every array, and there only']);
  assert.deepEqual(broken({ properties: {} }), ['a type', 'fields in objects only']);
  assert.deepEqual(broken({ type: 'string', default: 1 }), ['a default that is valid']);
});

test('docs/install/crds.yaml contains what the program installs', () => {
  const file = new URL('../../../docs/install/crds.yaml', import.meta.url);
  const printed = stashCrds.map((crd) => dump(crd, { lineWidth: -1, noRefs: true })).join('---\n');
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, printed);
  assert.deepEqual(loadAll(printed), stashCrds);
  assert.equal(readFileSync(file, 'utf8'), printed);
});
