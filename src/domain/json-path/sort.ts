/** `--sort-by`, by kubectl's rules. */
import { parseQuantity } from '#src/domain/quantity.ts';
import { StashError } from '#src/errors.ts';

import { find } from './find.ts';
import type { Path } from './parse.ts';

/**
 * Sorts items by the value that the path finds, in ascending order: numbers and quantities by size, other text by its
 * letters and the numbers in it. Items without a value come first. Items of equal value keep their order.
 * @throws StashError 'usage' if no item has the field
 */
export function sortBy<T>(
  items: readonly T[],
  path: Path,
  written: string,
  dataOf: (item: T) => unknown,
): T[] {
  const keyed = items.map((item) => ({ item, key: find(path, dataOf(item))[0] }));
  if (items.length > 0 && keyed.every(({ key }) => key === undefined))
    throw new StashError('usage', `--sort-by: no item has the field ${written}`, {
      hint: 'write a field that -o json prints, such as .metadata.name',
    });
  return keyed.toSorted((a, b) => compareValues(a.key, b.key)).map(({ item }) => item);
}

function compareValues(a: unknown, b: unknown): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [a, b].map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  const [x, y] = [parseQuantity(left ?? ''), parseQuantity(right ?? '')];
  return x !== undefined && y !== undefined ? compare(x, y) : compareNaturally(left ?? '', right ?? '');
}

/** Sorts `s-9` before `s-10`. */
function compareNaturally(a: string, b: string): number {
  const [left = [], right = []] = [a, b].map((text) => text.split(/0*(\d+)/));
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const isNumber = index % 2 === 1;
    const order = (isNumber ? part.length - other.length : 0) || compare(part, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compare<T extends string | bigint>(a: T, b: T): number {
  return Number(a > b) - Number(a < b);
}
