/** Validates a value against a structural schema, as the API server would, without a request. */
import type { JsonSchema } from '#src/api/kubernetes.ts';
import { fieldPath } from './field-path.ts';
import { childSchema } from './unknown-fields.ts';

export interface SchemaProblem {
  /** `spec.target.replicas`; empty for the value itself. */
  readonly path: string;
  /** `must be an integer, not "two"` */
  readonly message: string;
}

type Type = NonNullable<JsonSchema['type']>;

const named: Record<Type, string> = {
  object: 'an object',
  array: 'a list',
  string: 'a string',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
};

/**
 * Returns problems with types, enums, patterns and required fields, in the order of `value`. Leaves formats and bounds
 * to the API server, and unknown fields to `unknownFields`. A null field counts as absent, as for the API server.
 */
export function schemaProblems(value: unknown, schema: JsonSchema): SchemaProblem[] {
  return problemsAt(value, schema, '');
}

function problemsAt(value: unknown, schema: JsonSchema, path: string): SchemaProblem[] {
  if (value === null && schema.nullable === true) return [];
  const wrong = wrongType(value, schema) ?? wrongValue(value, schema);
  if (wrong !== undefined) return [{ path, message: wrong }];
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, index) => childProblems(schema, index, item, path));
  }
  if (typeof value !== 'object' || value === null) return [];
  const fields = Object.entries(value).filter(([, item]) => item !== null);
  const present = new Set(fields.map(([key]) => key));
  return [
    ...(schema.required ?? [])
      .filter((key) => !present.has(key))
      .map((key) => ({ path: fieldPath(path, key), message: 'is required' })),
    ...fields.flatMap(([key, item]) => childProblems(schema, key, item, path)),
  ];
}

function childProblems(
  schema: JsonSchema,
  key: string | number,
  item: unknown,
  path: string,
): SchemaProblem[] {
  const child = childSchema(schema, key);
  return child ? problemsAt(item, child, fieldPath(path, key)) : [];
}

function wrongType(value: unknown, schema: JsonSchema): string | undefined {
  const allowed = allowedTypes(schema);
  if (allowed.length === 0 || allowed.some((type) => isOfType(value, type))) return undefined;
  return `must be ${allowed.map((type) => named[type]).join(' or ')}, not ${shown(value)}`;
}

function wrongValue(value: unknown, { enum: words, pattern }: JsonSchema): string | undefined {
  if (words && !words.some((word) => word === value)) {
    return `must be ${words.join(' or ')}, not ${shown(value)}`;
  }
  if (pattern !== undefined && typeof value === 'string' && !new RegExp(pattern).test(value)) {
    return `is malformed: ${shown(value)}`;
  }
  return undefined;
}

function allowedTypes(schema: JsonSchema): Type[] {
  if (schema['x-kubernetes-int-or-string'] === true) return ['integer', 'string'];
  return schema.type === undefined ? [] : [schema.type];
}

function isOfType(value: unknown, type: Type): boolean {
  switch (type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
  }
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return named.array;
  return typeof value === 'object' && value !== null ? named.object : JSON.stringify(value);
}
