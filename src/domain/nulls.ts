/** Removes nulls from objects as the API server does: null means that the field is absent. */
import type { JsonSchema } from '#src/api/kubernetes.ts';
import { childSchema } from './unknown-fields.ts';

/** The value without nulls if its schema does not allow them. Nulls in lists and in unknown fields stay. */
export function prunedNulls(value: unknown, schema: JsonSchema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item) => prunedNulls(item, items)) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
      const child = childSchema(schema, key);
      if (child === undefined) return [[key, item]];
      return item === null && child.nullable !== true ? [] : [[key, prunedNulls(item, child)]];
    }),
  );
}

/** The value without any null field, as the API server reads the kinds that it has itself. */
export function withoutNulls<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutNulls(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(fields.map(([key, item]) => [key, withoutNulls(item)])) as T;
}
