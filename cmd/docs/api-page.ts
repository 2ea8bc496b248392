/** The fields of one of Stash's kinds, as its CRD describes them. */
import type { CustomResourceDefinition, JsonSchema } from '#src/api/kubernetes.ts';

import { code, page, prose, table } from './markdown.ts';

interface Field {
  readonly path: string;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
}

export function apiFile({ spec }: CustomResourceDefinition): string {
  return `${spec.names.kind.toLowerCase()}.md`;
}

export function apiPage({ spec }: CustomResourceDefinition): string {
  const [version] = spec.versions;
  const schema = version?.schema?.openAPIV3Schema ?? {};
  const { kind, shortNames = [] } = spec.names;
  const { spec: wanted, status } = schema.properties ?? {};
  return page(kind, '`src/api/crds`', [
    prose(schema.description ?? ''),
    `\`apiVersion: ${spec.group}/${version?.name ?? ''}\`, \`kind: ${kind}\`${shortNames.length === 0 ? '' : `, short name ${shortNames.map(code).join(', ')}`}. ` +
      'The API server refuses what has another type, and drops fields that are not listed here, except below a field of type “any fields”. ' +
      'This program does not read what is “For Restic”. The conditions are [a list of their own](../conditions.md).',
    '## Spec',
    fieldsTable(wanted),
    '## Status',
    fieldsTable(status),
  ]);
}

function fieldsTable(schema: JsonSchema = {}): string {
  return table(
    ['field', 'what it is'],
    fieldsOf(schema, '').map(({ path, schema: field, isRequired }) => [
      code(path),
      `_${typeOf(field)}${isRequired ? ', required' : ''}._ ${descriptionOf(field)}`,
    ]),
  );
}

/** Every field below a schema, in the order of the schema. */
function fieldsOf(schema: JsonSchema, prefix: string): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const isRequired = schema.required?.includes(name) === true;
    const inner = field.items ?? field;
    return [{ path, schema: field, isRequired }, ...fieldsOf(inner, field.items ? `${path}[].` : `${path}.`)];
  });
}

function typeOf(schema: JsonSchema): string {
  if (schema.items) return `list of ${typeOf(schema.items)}`;
  if (schema['x-kubernetes-int-or-string'] === true) return 'integer or string';
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return 'any fields';
  if (typeof schema.additionalProperties === 'object') {
    return `map to ${typeOf(schema.additionalProperties)}`;
  }
  return schema.format === 'date-time' ? 'time' : (schema.type ?? 'any');
}

function descriptionOf({ description = '', enum: words, default: fallback }: JsonSchema): string {
  return [
    prose(description),
    ...(words === undefined ? [] : [`One of ${words.map((word) => code(String(word))).join(', ')}.`]),
    ...(fallback === undefined
      ? []
      : [`Default: ${code(typeof fallback === 'string' ? fallback : JSON.stringify(fallback))}.`]),
  ].join(' ');
}
