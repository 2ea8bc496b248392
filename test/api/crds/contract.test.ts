/**
 * Compares our CRDs with the published ones: objects that are valid there are valid here, and lose no field.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { load } from 'js-yaml';
import { stashCrds } from '#src/api/crds/index.ts';
import type { CustomResourceDefinition, JsonSchema } from '#src/api/kubernetes.ts';
import { completeManifest, manifestsOf } from './from-schema.ts';
import { pruned, schemaOf, validatorOf } from './openapi.ts';

const contract = new URL('../../../../shared/contract/', import.meta.url);
const skip = existsSync(contract) ? false : 'the published CRDs are missing';

interface Row {
  kind: string;
  path: string;
  type: string;
  format: string;
  enum: string;
  default: string;
  required: string;
}

function fieldRows(): Row[] {
  const [, ...lines] = readFileSync(new URL('fields.tsv', contract), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const [kind = '', path = '', type = '', format = '', words = '', fallback = '', required = ''] =
      line.split('\t');
    return { kind, path, type, format, enum: words, default: fallback, required };
  });
}

function published(crd: CustomResourceDefinition): CustomResourceDefinition {
  const file = `upstream-crds/${crd.spec.group}_${crd.spec.names.plural}.yaml`;
  return load(readFileSync(new URL(file, contract), 'utf8')) as CustomResourceDefinition;
}

/**
 * Returns the node of a path such as `.spec.rules[].paths` with its parent, or the first node on the way that
 * preserves all fields.
 */
function lookUp(
  schema: JsonSchema,
  path: string,
): { node: JsonSchema; parent: JsonSchema } | 'preserved' | 'missing' {
  let parent: JsonSchema = {};
  let node = schema;
  for (const key of path.slice(1).replaceAll('[]', '.[]').split('.')) {
    const child = key === '[]' ? node.items : node.properties?.[key];
    if (!child) return node['x-kubernetes-preserve-unknown-fields'] === true ? 'preserved' : 'missing';
    [parent, node] = [node, child];
  }
  return { node, parent };
}

/** Yields the fields that both schemas list, including items and map values. */
function* shared(
  ours: JsonSchema,
  theirs: JsonSchema,
  path = '',
): Generator<[string, JsonSchema, JsonSchema]> {
  yield [path, ours, theirs];
  for (const [key, node] of Object.entries(children(ours))) {
    const their = children(theirs)[key];
    assert.ok(their, `${path}.${key} is not in the published CRD`);
    yield* shared(node, their, `${path}.${key}`);
  }
}

function children({ properties, items, additionalProperties }: JsonSchema): Record<string, JsonSchema> {
  const values = typeof additionalProperties === 'object' && { '{}': additionalProperties };
  return { ...properties, ...(items && { '[]': items }), ...values };
}

test('every published field is listed in the same place, or preserved', { skip }, () => {
  const schemas = new Map(stashCrds.map((crd) => [crd.spec.names.kind, schemaOf(crd)]));
  for (const row of fieldRows()) {
    const found = lookUp(schemas.get(row.kind) ?? {}, row.path);
    if (found === 'preserved') continue;
    assert.notEqual(found, 'missing', `${row.kind} ${row.path}`);
    assert.ok(typeof found === 'object');
    const { node, parent } = found;
    const name = row.path.split('.').at(-1) ?? '';
    const ours: Row = {
      kind: row.kind,
      path: row.path,
      type: node['x-kubernetes-int-or-string'] === true ? 'int-or-string' : (node.type ?? ''),
      format: node.format ?? '',
      enum: node.enum?.join('|') ?? '',
      default: node.default === undefined ? '' : JSON.stringify(node.default).replaceAll('"', ''),
      required: parent.required?.includes(name) === true ? 'yes' : '',
    };
    assert.deepEqual(ours, { ...row, type: row.type.replace(/^object .*/, 'object') });
  }
});

for (const crd of stashCrds) {
  const { kind } = crd.spec.names;

  test(`${kind}: names and columns equal the published ones`, { skip }, () => {
    const head = ({ metadata, spec }: CustomResourceDefinition) => ({
      name: metadata.name,
      ...spec,
      versions: spec.versions.map(({ schema, ...version }) => ({
        ...version,
        hasSchema: schema !== undefined,
      })),
    });
    assert.deepEqual(head(crd), head(published(crd)));
  });

  test(`${kind}: listed fields have the published type, and no further field is required`, { skip }, () => {
    for (const [path, ours, theirs] of shared(schemaOf(crd), schemaOf(published(crd)))) {
      const facts = (node: JsonSchema) => [node.type, node.format, node.enum, node.anyOf, node.default];
      assert.deepEqual(facts(ours), facts(theirs), path);
      const more = (ours.required ?? []).filter((name) => theirs.required?.includes(name) !== true);
      assert.deepEqual(more, [], path);
    }
  });

  test(`${kind}: a published manifest is valid and loses no field`, { skip }, () => {
    const [ours, theirs] = [schemaOf(crd), schemaOf(published(crd))];
    const [problems, theirProblems] = [validatorOf(ours), validatorOf(theirs)];
    const check = (manifest: Record<string, unknown>) => {
      assert.deepEqual(theirProblems(manifest), []);
      assert.deepEqual(problems(manifest), []);
      assert.deepEqual(pruned(pruned(manifest, ours) as typeof manifest, theirs), pruned(manifest, theirs));
    };
    check(completeManifest(theirs));
    fc.assert(fc.property(manifestsOf(theirs), check), { numRuns: 150 });
  });
}
