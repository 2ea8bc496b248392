/** Finds the values that a JSONPath names, by the rules of kubectl. A missing field yields no value. */
import { assertNever, StashError } from '#src/errors.ts';

import type { Comparison, Path, Slice, Step } from './parse.ts';

/** The limit of values that one search looks at. Several `..` in a path could ask for more than fit into memory. */
const mostValues = 1_000_000;

interface Search {
  left: number;
}

/** @throws StashError 'usage' if an index is out of bounds, or if values cannot be compared */
export function find(path: Path, value: unknown): unknown[] {
  return walk(path, [value], { left: mostValues });
}

function walk(path: Path, from: readonly unknown[], search: Search): unknown[] {
  let values = [...from];
  for (const step of path) {
    values = next(step, values, search);
    search.left -= values.length;
    if (search.left < 0) throw wrong(`it finds more than ${mostValues} values`);
  }
  return values;
}

function next(step: Step, values: readonly unknown[], search: Search): unknown[] {
  switch (step.kind) {
    case 'constant':
      return typeof step.value === 'string' ? [step.value] : values.map(() => step.value);
    case 'field':
      return values.flatMap((value) => member(value, step.name));
    case 'wildcard':
      return values.flatMap(children);
    case 'slice':
      return values.flatMap((value) => (isAbsent(value) ? [] : cut(arrayOf(value), step.slice)));
    case 'filter':
      return values.flatMap((value) => arrayOf(value).filter((element) => passes(element, step, search)));
    case 'descent':
      return values.flatMap((value) => descend(value, search));
    case 'union':
      return step.paths.flatMap((path) => walk(path, values, search));
    default:
      return assertNever(step);
  }
}

function member(value: unknown, name: string): unknown[] {
  if (!isObject(value) || Array.isArray(value) || !Object.hasOwn(value, name)) return [];
  const found = value[name];
  return found === undefined ? [] : [found];
}

/** Returns the values of an object in the order of its keys. */
function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  if (!isObject(value)) return [];
  return Object.keys(value)
    .sort()
    .flatMap((key) => member(value, key));
}

function descend(value: unknown, search: Search): unknown[] {
  if (--search.left < 0) throw wrong(`it finds more than ${mostValues} values`);
  if (typeof value === 'string') return value === '' ? [] : [value];
  const inner = children(value);
  return inner.length === 0 ? [] : [value, ...inner.flatMap((each) => descend(each, search))];
}

function cut(array: readonly unknown[], { from = 0, to, step = 1, single }: Slice): readonly unknown[] {
  const { length } = array;
  const first = from < 0 ? from + length : from;
  const end = to === undefined ? length : to < 0 || (to === 0 && single) ? to + length : to;
  if (first === end) return [];
  if (first < 0 || first >= length)
    throw wrong(`array index out of bounds: index ${first}, length ${length}`);
  if (end < 0 || end > length) throw wrong(`array index out of bounds: index ${end - 1}, length ${length}`);
  if (first > end) throw wrong(`starting index ${first} is greater than ending index ${end}`);
  if (step <= 0) throw wrong('step must be > 0');
  return array.slice(first, end).filter((_, index) => index % step === 0);
}

function passes(element: unknown, { left, compare }: Step & { kind: 'filter' }, search: Search): boolean {
  const found = walk(left, [element], search);
  if (compare === undefined) return found.length > 0;
  const other = walk(compare.right, [element], search);
  if (found.length === 0 || other.length === 0) return false;
  if (found.length > 1 || other.length > 1) throw wrong('can only compare one element at a time');
  return holds(found[0], compare.operator, other[0]);
}

function holds(left: unknown, operator: Comparison['operator'], right: unknown): boolean {
  if (typeof left !== typeof right) throw wrong('incompatible types for comparison');
  if (operator === '==' || operator === '!=') {
    if (isObject(left) || left === null) throw wrong('invalid type for comparison');
    return (left === right) === (operator === '==');
  }
  if (typeof left === 'number' && typeof right === 'number') return isOrdered(left - right, operator);
  if (typeof left === 'string' && typeof right === 'string')
    return isOrdered(Number(left > right) - Number(left < right), operator);
  throw wrong('invalid type for comparison');
}

function isOrdered(difference: number, operator: '<' | '<=' | '>' | '>='): boolean {
  switch (operator) {
    case '<':
      return difference < 0;
    case '<=':
      return difference <= 0;
    case '>':
      return difference > 0;
    case '>=':
      return difference >= 0;
  }
}

function arrayOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrong(`${isObject(value) ? 'an object' : JSON.stringify(value)} is not an array`);
}

function isAbsent(value: unknown): boolean {
  return value === null || value === undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function wrong(why: string): StashError {
  return new StashError('usage', `JSONPath: ${why}`);
}
