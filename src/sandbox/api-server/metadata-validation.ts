/** Validates names, labels, annotations, owner references and finalizers. */
import { allow, check, required } from './field-errors.ts';
import { isObject } from './json.ts';
import { collectionOf, type Kind } from './kind.ts';
import type { ApiObject } from './object.ts';
import { badRequest, type Cause } from './status.ts';

const subdomain = {
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  limit: 253,
  rule:
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
    String.raw`'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
};
const label = {
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  limit: 63,
  rule:
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with " +
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is " +
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
};
const labelsAsNames = new Set(['/namespaces', '/services']);

const labelValue = {
  pattern: /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/,
  limit: 63,
  rule:
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and " +
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
};
const labelKey = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const namePart =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " +
  "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
  "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const standardFinalizers = new Set(['foregroundDeletion', 'kubernetes', 'orphan']);
const annotationBytes = 256 * 1024;

export function validateMetadata(kind: Kind, object: ApiObject): Cause[] {
  const { name, ownerReferences = [], finalizers = [] } = object.metadata;
  return [
    ...required(name, 'metadata.name', 'name or generateName is required'),
    ...(name ? validateName(kind, name) : []),
    ...validateLabels('metadata.labels', stringsOf(kind, object, 'labels')),
    ...(kind.custom || kind.group.startsWith('apiextensions') ? [] : validateFinalizers(finalizers)),
    ...validateAnnotations(stringsOf(kind, object, 'annotations')),
    ...ownerReferences.flatMap((owner) =>
      (['apiVersion', 'kind', 'name', 'uid'] as const).flatMap((field) =>
        check(
          Boolean(owner[field]),
          `metadata.ownerReferences.${field}`,
          '',
          field === 'apiVersion' ? 'version must not be empty' : 'must not be empty',
        ),
      ),
    ),
  ];
}

/** Names of roles and bindings, such as `system:node`, may contain any character of a path segment. */
function validateName(kind: Kind, name: string): Cause[] {
  const field = 'metadata.name';
  if (kind.group !== 'rbac.authorization.k8s.io') {
    return checkRule(field, name, labelsAsNames.has(collectionOf(kind)) ? label : subdomain);
  }
  return [
    ...['.', '..'].flatMap((it) => check(name !== it, field, name, `may not be '${it}'`)),
    ...['/', '%'].flatMap((it) => check(!name.includes(it), field, name, `may not contain '${it}'`)),
  ];
}

export function validateLabels(field: string, labels: Readonly<Record<string, string>>): Cause[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...check(labelKey.test(key), field, key, namePart),
    ...checkRule(field, value, labelValue),
  ]);
}

function validateFinalizers(finalizers: readonly string[]): Cause[] {
  const why = 'name is neither a standard finalizer name nor is it fully qualified';
  return finalizers.flatMap((name, index) =>
    check(name.includes('/') || standardFinalizers.has(name), `metadata.finalizers[${index}]`, name, why),
  );
}

/** A terminating object accepts no new finalizers. */
export function validateNewFinalizers(before: ApiObject, after: ApiObject): Cause[] {
  const { deletionTimestamp, finalizers: old = [] } = before.metadata;
  const added = (after.metadata.finalizers ?? []).filter((it) => !old.includes(it));
  const list = added.map((it) => JSON.stringify(it)).join(', ');
  const why = 'no new finalizers can be added if the object is being deleted, found new finalizers';
  const isAllowed = deletionTimestamp === undefined || added.length === 0;
  return allow(isAllowed, 'metadata.finalizers', `${why} []string{${list}}`);
}

function validateAnnotations(annotations: Readonly<Record<string, string>>): Cause[] {
  const field = 'metadata.annotations';
  const bytes = Buffer.byteLength(Object.entries(annotations).flat().join(''));
  return [
    ...Object.keys(annotations).flatMap((key) =>
      check(labelKey.test(key.toLowerCase()), field, key, namePart),
    ),
    ...check(bytes <= annotationBytes, field, bytes, `may not be more than ${annotationBytes} bytes`),
  ];
}

/** Throws BadRequest, as a typed server does, if a value is not a string. */
function stringsOf(kind: Kind, object: ApiObject, field: 'labels' | 'annotations'): Record<string, string> {
  const strings: unknown = object.metadata[field] ?? {};
  const values: unknown[] = isObject(strings) ? Object.values(strings) : [strings];
  const wrong = values.find((value) => typeof value !== 'string');
  if (!isObject(strings) || wrong !== undefined) {
    const what = `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}`;
    throw badRequest(
      `${what}: json: cannot unmarshal ${typeName(wrong)} into Go struct field ObjectMeta.metadata.${field} of type string`,
    );
  }
  return strings as Record<string, string>;
}

function typeName(value: unknown): string {
  return typeof value === 'boolean' ? 'bool' : Array.isArray(value) ? 'array' : typeof value;
}

/** Names of containers and volumes of a pod contain no dots. */
export function validateLabelName(field: string, name: string): Cause[] {
  return checkRule(field, name, label);
}

function checkRule(field: string, value: string, { pattern, limit, rule }: typeof label): Cause[] {
  const dots = pattern === label.pattern && subdomain.pattern.test(value);
  return [
    ...check(pattern.test(value), field, value, dots ? 'must not contain dots' : rule),
    ...check(value.length <= limit, field, value, `must be no more than ${limit} characters`),
  ];
}
