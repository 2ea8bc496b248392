/** Builders for CRD schemas: each returns one node of a structural schema. */
import type { JsonSchema } from './kubernetes.ts';

type Properties = Record<string, JsonSchema>;

/** An object with a fixed set of fields: the API server drops any other field. */
export function object(description: string, properties: Properties, required: string[] = []): JsonSchema {
  return { description, type: 'object', properties, ...(required.length > 0 && { required }) };
}

/** An open object: the API server validates the fields in `properties` and keeps all others as they are. */
export function kept(description: string, properties: Properties = {}, required: string[] = []): JsonSchema {
  return {
    description,
    type: 'object',
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(required.length > 0 && { required }),
    'x-kubernetes-preserve-unknown-fields': true,
  };
}

export function map(description: string, values: JsonSchema): JsonSchema {
  return { description, type: 'object', additionalProperties: values };
}

export function list(description: string, items: JsonSchema): JsonSchema {
  return { description, type: 'array', items };
}

export function strings(description: string): JsonSchema {
  return list(description, { type: 'string' });
}

export function string(description: string): JsonSchema {
  return { description, type: 'string' };
}

/** One of these words. The API server fills in `fallback`, if there is one, for an absent field. */
export function choice(description: string, words: string[], fallback?: string): JsonSchema {
  return { description, type: 'string', enum: words, ...(fallback !== undefined && { default: fallback }) };
}

export function dateTime(description: string): JsonSchema {
  return { description, type: 'string', format: 'date-time' };
}

export function boolean(description: string): JsonSchema {
  return { description, type: 'boolean' };
}

export function int32(description: string): JsonSchema {
  return { description, type: 'integer', format: 'int32' };
}

export function int64(description: string): JsonSchema {
  return { description, type: 'integer', format: 'int64' };
}

export function intOrString(description: string): JsonSchema {
  return {
    description,
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    'x-kubernetes-int-or-string': true,
  };
}

const decimal = String.raw`([0-9]+(\.[0-9]*)?|\.[0-9]+)`;
const suffix = String.raw`([KMGTPE]i|[numkMGTPE]|[eE][+-]?${decimal})`;

/** A Kubernetes quantity: `1Gi`, `500m`, `1e3` or a bare integer. */
export function quantity(description: string): JsonSchema {
  return { ...intOrString(description), pattern: `^[+-]?${decimal}${suffix}?$` };
}
