/** The JSONPath of printer columns: `.a.b`, `.a\.b`, `[0]`, `[*]`, `['a']`, `[?(@.type=="Ready")]`. */
import { at, isObject } from '../json.ts';

type Step = (values: unknown[]) => unknown[];

/** Returns all values at the path; none if the path cannot be parsed. */
export function evaluateJsonPath(value: unknown, path: string): unknown[] {
  return parse(path)
    .reduce((values, step) => step(values), [value])
    .filter((found) => found !== undefined && found !== null);
}

const token =
  /\.?(?<name>(?:\\.|[^.[\]\\])+)|\[(?<index>\d+)\]|\[(?<all>\*)\]|\['(?<quoted>[^']*)'\]|\[\?\(@\.(?<field>[\w.]+)\s*==\s*(?<wanted>"[^"]*"|'[^']*'|[\w.]+)\)\]/gy;

function parse(path: string): Step[] {
  return [...path.matchAll(token)].map(({ groups = {} }) => {
    const { name, index, all, quoted, field, wanted } = groups;
    const key = quoted ?? name?.replaceAll('\\', '');
    if (all !== undefined || key === '*') return (values) => values.flatMap(childrenOf);
    if (index !== undefined)
      return (values) =>
        values.map((it) => (Array.isArray(it) ? (it as unknown[])[Number(index)] : undefined));
    if (field !== undefined) {
      const expected = wanted?.replace(/^["']|["']$/g, '');
      return (values) =>
        values.flatMap(childrenOf).filter((it) => String(at(it, ...field.split('.'))) === expected);
    }
    return (values) => values.map((it) => at(it, key ?? ''));
  });
}

function childrenOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}
