/** Finds the fields that the API server would drop silently, by the schema. */
import type { JsonSchema } from '#src/api/kubernetes.ts';
import { fieldKeys, fieldPath } from './field-path.ts';
import { didYouMean } from './nearest.ts';

/** Every object has these fields, even if its schema does not list them. */
const always = ['apiVersion', 'kind', 'metadata'];

/**
 * Returns the paths of the fields of an object that its schema neither lists nor preserves, in the order of `value`:
 * `spec.target.volumeClaimTemplate`. Leaves out fields below an unknown field.
 */
export function unknownFields(value: unknown, schema: JsonSchema): string[] {
  return unknownBelow(value, schema, '');
}

function unknownBelow(value: unknown, schema: JsonSchema, path: string): string[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (!items) return [];
    return value.flatMap((item: unknown, index) => unknownBelow(item, items, fieldPath(path, index)));
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
    if (path === '' && always.includes(key)) return [];
    const child = childSchema(schema, key);
    const childPath = fieldPath(path, key);
    if (child) return unknownBelow(item, child, childPath);
    return isOpen(schema) ? [] : [childPath];
  });
}

/** Returns the field names that the schema lists at the level of the last field of `path`. */
export function siblingsAt(schema: JsonSchema, path: string): string[] {
  const keys = fieldKeys(path).slice(0, -1);
  const parent = keys.reduce<JsonSchema | undefined>((node, key) => node && childSchema(node, key), schema);
  return Object.keys(parent?.properties ?? {});
}

/** `unknown field "spec.target.volumeClaimTemplate", did you mean "volumeClaimTemplates"?` */
export function describeUnknownField(path: string, schema: JsonSchema): string {
  const name = String(fieldKeys(path).at(-1) ?? '');
  return `unknown field "${path}"${didYouMean(name, siblingsAt(schema, path))}`;
}

/** Returns the schema of a field or a list item. Undefined if `schema` has none for it. */
export function childSchema(schema: JsonSchema, key: string | number): JsonSchema | undefined {
  if (typeof key === 'number') return schema.items;
  const { properties = {}, additionalProperties } = schema;
  if (Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

function isOpen(schema: JsonSchema): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;
}
