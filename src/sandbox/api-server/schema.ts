/** Structural schemas of custom kinds: prunes and applies defaults in one pass, and validates with ajv. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';

import type { JsonSchema } from '#src/api/kubernetes.ts';

import { isObject, type JsonObject } from './json.ts';
import type { Cause } from './status.ts';

const preserve = 'x-kubernetes-preserve-unknown-fields';
const embedded = 'x-kubernetes-embedded-resource';
/** Fields that every object has, even if its schema does not list them. */
const objectFields = new Set(['apiVersion', 'kind', 'metadata']);

/**
 * Returns the object without unknown fields and disallowed nulls, and with defaults. Appends the paths of
 * unknown fields to `unknown`.
 */
export function shape(object: unknown, schema: JsonSchema, unknown: string[]): unknown {
  return walk(object, { ...schema, [embedded]: true }, '', unknown);
}

function walk(value: unknown, schema: JsonSchema, path: string, unknown: string[]): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item, index) => walk(item, items, `${path}[${index}]`, unknown)) : value;
  }
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, child] of Object.entries(value)) {
    const field = path === '' ? key : `${path}.${key}`;
    const known = fieldSchema(schema, key);
    if (known === 'as it is') result[key] = child;
    else if (known === undefined) unknown.push(field);
    else if (child !== null || known.nullable === true) result[key] = walk(child, known, field, unknown);
  }
  for (const [key, { default: initial }] of Object.entries(schema.properties ?? {})) {
    const known = schema.properties?.[key];
    if (result[key] === undefined && initial !== undefined && known) {
      result[key] = walk(structuredClone(initial), known, `${path}.${key}`, []);
    }
  }
  return result;
}

function fieldSchema(schema: JsonSchema, key: string): JsonSchema | 'as it is' | undefined {
  if (schema[embedded] === true && objectFields.has(key)) return 'as it is';
  if (schema.properties && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  if (typeof schema.additionalProperties === 'object') return schema.additionalProperties;
  return schema.additionalProperties === true || schema[preserve] === true ? 'as it is' : undefined;
}

const validators = new WeakMap<JsonSchema, ValidateFunction>();
/** By the schema as JSON: each sandbox in a process has its own copies of the same schemas. */
const compiled = new Map<string, ValidateFunction>();
let compiler: Ajv | undefined;

/** Returns the errors of an object that `shape` has returned. Compiles the schema at first use. */
export function validateSchema(schema: JsonSchema, object: unknown): Cause[] {
  let validate = validators.get(schema);
  if (!validate) validators.set(schema, (validate = validatorOf(schema)));
  return validate(object) ? [] : (validate.errors ?? []).map(causeOf);
}

function validatorOf(schema: JsonSchema): ValidateFunction {
  const translated = jsonSchema(schema);
  const key = JSON.stringify(translated);
  const known = compiled.get(key);
  if (known) return known;
  compiler ??= newCompiler();
  const validate = compiler.compile(translated);
  compiled.set(key, validate);
  return validate;
}

function newCompiler(): Ajv {
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    verbose: true,
    unicodeRegExp: false,
    logger: false,
  });
  formats.default(ajv);
  return ajv;
}

const kept = [
  ...['type', 'format', 'nullable', 'required', 'enum', 'pattern', 'minimum', 'maximum'],
  ...['minLength', 'maxLength', 'minItems', 'maxItems', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['uniqueItems', 'minProperties', 'maxProperties'],
];

/** Returns the schema without Kubernetes' extensions, which ajv does not know. */
function jsonSchema(schema: JsonSchema): JsonObject {
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(schema)) {
    if (kept.includes(key)) result[key] = value;
    else if (['allOf', 'anyOf', 'oneOf'].includes(key)) result[key] = (value as JsonSchema[]).map(jsonSchema);
    else if (['items', 'not'].includes(key)) result[key] = jsonSchema(value as JsonSchema);
    else if (key === 'properties') result[key] = mapValues(value as Record<string, JsonSchema>, jsonSchema);
    else if (key === 'additionalProperties') result[key] = isObject(value) ? jsonSchema(value) : value;
  }
  if (schema['x-kubernetes-int-or-string'] === true) result['type'] = ['integer', 'string'];
  if (schema.nullable === true && schema.enum) result['enum'] = [...schema.enum, null];
  return result;
}

function mapValues<T, U>(record: Record<string, T>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

function causeOf(error: ErrorObject): Cause {
  const field = fieldPath(error.instancePath);
  const params = error.params as Record<string, unknown>;
  const value = JSON.stringify(error.data);
  switch (error.keyword) {
    case 'required': {
      const missing = String(params['missingProperty']);
      return {
        reason: 'FieldValueRequired',
        field: field === '' ? missing : `${field}.${missing}`,
        message: 'Required value',
      };
    }
    case 'type': {
      const given = `"${typeOf(error.data)}"`;
      const message = `Invalid value: ${given}: ${field} in body must be of type ${String(params['type'])}: ${given}`;
      return { reason: 'FieldValueTypeInvalid', field, message };
    }
    case 'enum': {
      const allowed = (params['allowedValues'] as unknown[]).map((it) => JSON.stringify(it)).join(', ');
      return {
        reason: 'FieldValueNotSupported',
        field,
        message: `Unsupported value: ${value}: supported values: ${allowed}`,
      };
    }
    default: {
      const rule = wordings[error.keyword]?.(params['limit'] ?? params['pattern'] ?? params['format']);
      const message = `Invalid value: ${value}: ${field} in body ${rule ?? error.message ?? 'is not valid'}`;
      return { reason: 'FieldValueInvalid', field, message };
    }
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;
}

/** Validation errors in the real server's words. */
const wordings: Readonly<Record<string, (limit: unknown) => string>> = {
  minimum: (limit) => `should be greater than or equal to ${String(limit)}`,
  maximum: (limit) => `should be less than or equal to ${String(limit)}`,
  minLength: (limit) => `should be at least ${String(limit)} chars long`,
  maxLength: (limit) => `should be at most ${String(limit)} chars long`,
  minItems: (limit) => `should have at least ${String(limit)} items`,
  maxItems: (limit) => `should have at most ${String(limit)} items`,
  pattern: (pattern) => `should match '${String(pattern)}'`,
  format: (format) => `must be of type ${String(format)}`,
  oneOf: () => 'must validate one and only one schema (oneOf)',
  anyOf: () => 'must validate at least one schema (anyOf)',
};

function fieldPath(instancePath: string): string {
  return instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step, index) => (/^\d+$/.test(step) ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('');
}
