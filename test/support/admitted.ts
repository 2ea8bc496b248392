/** Arbitrary objects that the API server admits: they satisfy a CRD's schema, and their author means no good. */
import fc from 'fast-check';

import type { JsonSchema } from '#src/api/kubernetes.ts';

/** Values by the name of their field, with which an object gets further than with random ones. */
type Likely = Readonly<Record<string, readonly unknown[]>>;

const odd = [
  '',
  ' ',
  '../..',
  '\u001b[2J',
  '\u202e',
  "'; exit",
  '$(id)',
  '{}',
  '__proto__',
  '1e999',
  'a'.repeat(300),
];

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.constantFrom(...odd));

export function admitted(schema: JsonSchema, likely: Likely, field = ''): fc.Arbitrary<unknown> {
  const wanted = Object.hasOwn(likely, field) ? likely[field] : undefined;
  const any = anything(schema, likely, field);
  return wanted === undefined
    ? any
    : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...wanted) }, { weight: 1, arbitrary: any });
}

function anything(schema: JsonSchema, likely: Likely, field: string): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema['x-kubernetes-int-or-string'] === true) {
    return fc.oneof(fc.integer(), fc.constantFrom('1Gi', '1', '0', '999Ei', '1m'));
  }
  switch (schema.type) {
    case 'string':
      return schema.format === 'date-time'
        ? fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
        : text;
    case 'integer':
    case 'number':
      return fc.oneof(fc.integer(), fc.integer({ min: -2, max: 5 }));
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(admitted(schema.items ?? {}, likely, field), { maxLength: 4 });
    case 'object':
    case undefined:
    default:
      return anyObject(schema, likely);
  }
}

function anyObject(
  { properties = {}, required = [], additionalProperties, ...schema }: JsonSchema,
  likely: Likely,
): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(
    ([name, each]) => [name, admitted(each, likely, name)] as const,
  );
  const known = fc.record(Object.fromEntries(fields), { requiredKeys: required });
  const values = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  if (values) return fc.dictionary(text, admitted(values, likely), { maxKeys: 3 });
  if (schema['x-kubernetes-preserve-unknown-fields'] !== true) return known;
  const more = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 2 });
  return fc.tuple(more, known).map(([unknown, object]) => ({ ...unknown, ...object }));
}
