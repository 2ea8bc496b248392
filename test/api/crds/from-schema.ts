/** Generates manifests from a schema. */
import fc from 'fast-check';
import type { JsonSchema } from '#src/api/kubernetes.ts';

const quantities = ['1Gi', '500m', '0.5', '1e3', '12E', '-1', '+.5Ki'];
const keys = ['a', 'storage', 'example.com/key'];

/** Valid manifests, each with some of the fields, and sometimes with one that the schema does not list. */
export function manifestsOf(schema: JsonSchema): fc.Arbitrary<Record<string, unknown>> {
  return objects(schema, 0);
}

function values(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  if (schema['x-kubernetes-int-or-string'] === true) {
    const strings =
      schema.pattern === undefined ? fc.string({ maxLength: 5 }) : fc.constantFrom(...quantities);
    return fc.oneof(fc.integer(), strings);
  }
  if (schema.enum) return fc.constantFrom(...schema.enum);
  switch (schema.type ?? 'untyped') {
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number':
      return fc.integer();
    case 'array':
      return fc.array(values(schema.items ?? {}, depth + 1), { maxLength: 2 });
    case 'object':
      return objects(schema, depth + 1);
    case 'string':
      return schema.format === 'date-time'
        ? fc.constant('2024-04-08T10:30:00Z')
        : fc.string({ maxLength: 5 });
    case 'untyped':
      return fc.constant({});
  }
}

function objects(schema: JsonSchema, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const { properties = {}, required = [], additionalProperties } = schema;
  if (typeof additionalProperties === 'object') {
    return fc.dictionary(fc.constantFrom(...keys), values(additionalProperties, depth), { maxKeys: 2 });
  }
  const optional = Object.keys(properties).filter((key) => !required.includes(key));
  const most = Math.min(depth > 10 ? 0 : depth > 3 ? 2 : 5, optional.length);
  const chosen = fc.subarray(optional, { minLength: Math.min(2, most), maxLength: most });
  const listed = chosen.chain((extra) =>
    fc.record(
      Object.fromEntries(
        Object.entries(properties)
          .filter(([key]) => required.includes(key) || extra.includes(key))
          .map(([key, node]) => [key, values(node, depth)]),
      ),
      { noNullPrototype: true },
    ),
  );
  return fc
    .tuple(listed, fc.nat({ max: 20 }))
    .map(([fields, dice]) => (dice === 20 ? { ...fields, notListed: { at: 'all' } } : fields));
}

/** Returns a manifest with every field that the schema lists, and one item in each list. */
export function completeManifest(schema: JsonSchema): Record<string, unknown> {
  const { properties = {}, additionalProperties } = schema;
  if (typeof additionalProperties === 'object') return { storage: completeValue(additionalProperties) };
  return Object.fromEntries(Object.entries(properties).map(([key, node]) => [key, completeValue(node)]));
}

function completeValue(schema: JsonSchema): unknown {
  if (schema.enum) return schema.enum[0];
  switch (schema.type ?? 'untyped') {
    case 'object':
      return completeManifest(schema);
    case 'array':
      return [completeValue(schema.items ?? {})];
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    case 'string':
      return schema.format === 'date-time' ? '2024-04-08T10:30:00Z' : 'text';
    case 'untyped':
      return '1Gi';
  }
}
