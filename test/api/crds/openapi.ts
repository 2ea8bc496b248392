/** Validates and prunes by the schema of a CRD, as an API server does. */
import { Ajv, type ErrorObject } from 'ajv';
import formats from 'ajv-formats';
import type { CustomResourceDefinition, JsonSchema } from '#src/api/kubernetes.ts';

export function schemaOf(crd: CustomResourceDefinition): JsonSchema {
  const schema = crd.spec.versions[0]?.schema?.openAPIV3Schema;
  if (!schema) throw new Error(`${String(crd.metadata.name)} has no schema`);
  return schema;
}

/** Returns a validator that returns errors such as `/spec/driver must be ...`; none for a valid object. */
export function validatorOf(schema: JsonSchema, options = { formats: true }): (value: unknown) => string[] {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: options.formats });
  formats.default(ajv);
  const validate = ajv.compile(jsonSchemaOf(schema));
  return (value) => {
    validate(value);
    return (validate.errors ?? []).map(
      (error: ErrorObject) => `${error.instancePath} ${error.message ?? error.keyword}`,
    );
  };
}

function jsonSchemaOf(schema: JsonSchema): Record<string, unknown> {
  const { type, format, enum: words, pattern, required, items, properties, additionalProperties } = schema;
  return {
    ...(type && { type }),
    ...(schema['x-kubernetes-int-or-string'] === true && { type: ['integer', 'string'] }),
    ...(format !== undefined && { format }),
    ...(words && { enum: words }),
    ...(pattern !== undefined && { pattern }),
    ...(required && { required }),
    ...(items && { items: jsonSchemaOf(items) }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, node]) => [key, jsonSchemaOf(node)]),
      ),
    }),
    ...(typeof additionalProperties === 'object' && {
      additionalProperties: jsonSchemaOf(additionalProperties),
    }),
  };
}

/**
 * Returns the object as the server would store it: without fields that the schema neither lists nor
 * preserves.
 */
export function pruned(object: Record<string, unknown>, schema: JsonSchema): unknown {
  const { metadata, ...rest } = object;
  const stored = prunedBelow(rest, schema) as Record<string, unknown>;
  return metadata === undefined ? stored : { ...stored, metadata };
}

function prunedBelow(value: unknown, schema: JsonSchema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item: unknown) => prunedBelow(item, items)) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const node = schema.properties?.[key] ?? schema.additionalProperties;
    if (typeof node === 'object') kept[key] = prunedBelow(item, node);
    else if (node === true || schema['x-kubernetes-preserve-unknown-fields'] === true) kept[key] = item;
  }
  return kept;
}
