/** Removes nulls from objects as the API server does: a null field is absent. */
import type { JsonSchema } from '#src/api/kubernetes.ts';
import { childSchema } from './unknown-fields.ts';

/** Returns the value without the nulls that its schema does not allow. Nulls in lists and in unknown fields stay. */
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

/** Returns the value without null fields, as the API server reads its built-in kinds. */
export function withoutNulls<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutNulls(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(fields.map(([key, item]) => [key, withoutNulls(item)])) as T;
}
