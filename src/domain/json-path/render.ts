/** Prints the values that a JSONPath template or a column finds, as kubectl does. */
import { escapeInvisible } from '#src/domain/visible-json.ts';

import { find } from './find.ts';
import type { Block, Path } from './parse.ts';

/** @throws StashError 'usage' as `find` does */
export function renderTemplate(blocks: readonly Block[], value: unknown): string {
  return blocks.map((block) => renderBlock(block, value)).join('');
}

function renderBlock(block: Block, value: unknown): string {
  switch (block.kind) {
    case 'text':
      return block.text;
    case 'path':
      return find(block.path, value).map(textOf).join(' ');
    case 'range':
      return find(block.over, value)
        .map((each) => renderTemplate(block.body, each))
        .join('');
  }
}

/** Returns the cell of a custom column. @throws StashError 'usage' as `find` does */
export function renderCell(path: Path, value: unknown): string {
  const found = find(path, value);
  return found.length === 0 ? '<none>' : found.map(goText).join(',');
}

/**
 * Characters that the output leaves out, so that data of the cluster cannot move the cursor. Line breaks and tabs stay,
 * because programs read them.
 */
const unsafe = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}]/gu;

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.replaceAll(unsafe, '') : escapeInvisible(goJson(value));
}

/** Writes JSON as Go does: keys in order, and the characters that have a meaning in HTML escaped. */
function goJson(value: unknown): string {
  return JSON.stringify(value, sortKeys).replace(
    /[<>&]/g,
    (found) => `\\u00${found.charCodeAt(0).toString(16)}`,
  );
}

function sortKeys(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Writes a value as Go's `fmt.Sprint` does: `map[a:1 b:2]`, `[a b]`, `<nil>`. */
function goText(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value !== 'object') return typeof value === 'string' ? value : JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, each]) => `${key}:${goText(each)}`).join(' ')}]`;
}
