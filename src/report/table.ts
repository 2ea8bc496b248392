/** Tables in kubectl's style. */
import Table from 'cli-table3';

import { cutMiddle } from '#src/domain/ellipsis.ts';
import { sanitize } from '#src/domain/sanitize.ts';

const borders = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};
/** `TYPE/NAME` of the longest name fits. */
const widestCell = 300;
/** Spaces between columns. */
export const gap = 3;

/**
 * Returns a table with upper-case headers, three spaces between columns and no borders; each line ends in a
 * line break. Cells are sanitized for a terminal, kept on one line, and cut in the middle if they are very long. If `columns` is given, cells of the
 * last column are cut with `…` to fit.
 */
export function renderTable(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  options: {
    readonly columns?: number | undefined;
    readonly header?: 'upper-case' | 'as-written' | 'none';
  } = {},
): string {
  const { header: style = 'upper-case' } = options;
  const written = headers.map((header) => sanitize(header));
  const head =
    style === 'none' ? [] : style === 'upper-case' ? written.map((header) => header.toUpperCase()) : written;
  if (head.length === 0 && rows.length === 0) return '';
  const cells = rows.map((row) => row.map((cell) => cutMiddle(sanitize(cell), widestCell)));
  const { text, widths } = draw(head, cells, []);
  const { columns } = options;
  const others = widths.slice(0, -1).reduce((sum, width) => sum + width, 0);
  const full = widths.at(-1) ?? 0;
  if (columns === undefined || others + full - gap <= columns) return text;
  const last = Math.max(columns - others, head.at(-1)?.length ?? 0, 1) + gap;
  return draw(head, cells, [...widths.slice(0, -1), last]).text;
}

/** `widths` include the gap on the right; an empty list means as wide as the cells. */
function draw(
  head: string[],
  rows: string[][],
  colWidths: number[],
): { readonly text: string; readonly widths: readonly number[] } {
  const table = new Table({
    head,
    colWidths,
    chars: borders,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': gap },
  });
  table.push(...rows);
  const lines = table.toString().split('\n');
  return {
    text: lines.map((line) => `${line.trimEnd()}\n`).join(''),
    widths: table.options.colWidths.map((width) => width ?? 0),
  };
}
