/** Label and field selectors, in the syntax of kubectl's `-l` and `--field-selector`. */
import { at } from './json.ts';
import type { Kind } from './kind.ts';
import type { ApiObject } from './object.ts';
import { badRequest } from './status.ts';

export type Matcher = (object: ApiObject) => boolean;

export interface Selection {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/**
 * Returns a function that says whether an object matches. Throws BadRequest if a selector cannot be parsed.
 */
export function matcherOf(kind: Kind, selection: Selection): Matcher {
  const matchers = [
    ...(selection.labelSelector ? parseLabelSelector(selection.labelSelector) : []),
    ...(selection.fieldSelector ? parseFieldSelector(kind, selection.fieldSelector) : []),
  ];
  const { namespace } = selection;
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    matchers.every((matches) => matches(object));
}

const key = String.raw`[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?`;
const setRequirement = new RegExp(
  String.raw`^(?<key>${key})\s+(?<operator>in|notin)\s*\((?<values>[^()]*)\)$`,
);
const equalRequirement = new RegExp(
  String.raw`^(?<key>${key})\s*(?<operator>==|=|!=)\s*(?<values>([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?)$`,
);
const labelValue = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const existsRequirement = new RegExp(String.raw`^(?<not>!?)\s*(?<key>${key})$`);

/** Returns one Matcher per requirement. Throws BadRequest if the selector cannot be parsed. */
export function parseLabelSelector(text: string): Matcher[] {
  if (text.trim() === '') return [];
  return text.split(/,(?![^(]*\))/).map((part) => labelRequirement(part.trim(), text));
}

function labelRequirement(part: string, text: string): Matcher {
  const exists = existsRequirement.exec(part)?.groups;
  if (exists) {
    const wanted = exists['not'] === '';
    return (object) => (labelOf(object, exists['key']) !== undefined) === wanted;
  }
  const {
    key: name,
    operator,
    values,
  } = (setRequirement.exec(part) ?? equalRequirement.exec(part))?.groups ?? {};
  if (name === undefined || values === undefined) {
    throw badRequest(`unable to parse requirement: found '${part}' in selector "${text}"`);
  }
  const wanted = operator === 'in' || operator === '=' || operator === '==';
  const set = new Set(values.split(',').map((value) => value.trim()));
  for (const value of set)
    if (!labelValue.test(value))
      throw badRequest(`unable to parse requirement: values: Invalid value: "${value}"`);
  return (object) => {
    const value = labelOf(object, name);
    return (value !== undefined && set.has(value)) === wanted;
  };
}

function labelOf(object: ApiObject, name: string | undefined): string | undefined {
  return object.metadata.labels?.[name ?? ''];
}

/** A comma that no backslash makes part of a value. */
const separator = /(?<=(?:^|[^\\])(?:\\\\)*),/;

function parseFieldSelector(kind: Kind, text: string): Matcher[] {
  return text.split(separator).map((part) => {
    const { field, operator, value } =
      /^(?<field>[^=!]+)(?<operator>==|=|!=)(?<value>.*)$/.exec(part)?.groups ?? {};
    if (field === undefined || value === undefined) {
      throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    }
    if (!['metadata.name', 'metadata.namespace', ...kind.selectableFields].includes(field)) {
      const isPlain = !kind.custom && kind.selectableFields.length === 0;
      throw badRequest(
        isPlain
          ? `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`
          : `field label not supported: ${field}`,
      );
    }
    const path = field === 'source' ? ['source', 'component'] : field.split('.');
    const wanted = withoutEscapes(value);
    return (object) => ((at(object, ...path) ?? '') === wanted) === (operator !== '!=');
  });
}

/** A backslash makes a comma, an equals sign or a backslash part of the value. Throws BadRequest for other uses of the three. */
function withoutEscapes(value: string): string {
  return value.replaceAll(/\\(.?)|[,=]/gsu, (found, escaped: string | undefined) => {
    if (escaped === undefined)
      throw badRequest(`invalid field selector: unescaped character in value: ${found.charCodeAt(0)}`);
    if (!['\\', ',', '='].includes(escaped))
      throw badRequest(`invalid field selector: invalid escape sequence: ${found}`);
    return escaped;
  });
}
