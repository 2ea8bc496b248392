/** Lays out a page like `kubectl describe`: labels in a column, and indented sections. */
import { whereRead, type Read } from '#src/domain/checks/check.ts';
import { sanitize } from '#src/domain/sanitize.ts';

export type Page = readonly Item[];

export type Item =
  /** Several values are printed below each other. */
  | { readonly label: string; readonly value: string | readonly string[] }
  | { readonly label: string; readonly items: Page }
  /** A table as `renderTable` returns it. */
  | { readonly label: string; readonly table: string };

const indent = '  ';
const none = '<none>';

/** Returns lines that end in a line break. */
export function renderPage(page: Page): string {
  return linesOf(page)
    .map((line) => `${line}\n`)
    .join('');
}

/** Returns a section about the value, else a line that says which right is missing. */
export function whereKnown<T>(label: string, read: Read<T>, items: (value: T) => Page): Page {
  return 'value' in read ? items(read.value) : [{ label, value: unknown(read) }];
}

/** `unknown: needs list events in namespace demo` */
export function unknown(read: Read<unknown>): string {
  return `unknown: ${whereRead(read, () => [])[0]?.message ?? ''}`;
}

function linesOf(page: Page): string[] {
  const labels = page.map(({ label }) => sanitize(label));
  const width = Math.max(
    0,
    ...page.map((item, index) => ('value' in item || isEmpty(item) ? (labels[index]?.length ?? 0) : 0)),
  );
  return page.flatMap((item, index) => {
    const label = `${labels[index] ?? ''}:`;
    if (isEmpty(item)) return [`${label.padEnd(width + 3)}${none}`];
    if ('value' in item) {
      const [first = none, ...more] = [item.value].flat().map(sanitize);
      return [
        `${label.padEnd(width + 3)}${first}`,
        ...more.map((line) => `${''.padEnd(width + 3)}${line}`),
      ].map((line) => line.trimEnd());
    }
    const inside = 'items' in item ? linesOf(item.items) : item.table.trimEnd().split('\n');
    return [label, ...inside.map((line) => `${indent}${line}`)];
  });
}

function isEmpty(item: Item): boolean {
  if ('items' in item) return item.items.length === 0;
  return 'table' in item ? item.table === '' : item.value.length === 0;
}
