/** Prints tables in kubectl's style. */
import Table from 'cli-table3';
import stringWidth from 'string-width';

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
/** The time of cli-table3 grows with the square of the number of rows: longer tables do without it. */
const longTable = 200;
/** Wide enough for `TYPE/NAME` with the longest name. */
const widestCell = 300;
/** Spaces between columns. */
export const gap = 3;

/** Returns a phase in its colour. */
export type Paint = (phase: string) => string;

export interface TableStyle {
  readonly header?: 'upper-case' | 'as-written' | 'none';
  /** Colours the cells of the columns STATE and PHASE. */
  readonly paint?: Paint | undefined;
}

/** A column of a table with a row for each `T`. */
export interface Column<T> {
  readonly header: string;
  /** Whether the table has the column. Always if left out. */
  readonly shown?: boolean;
  readonly cell: (of: T) => string;
}

/** Does the same as `renderTable`, without the columns that are not shown. */
export function renderColumns<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  style: TableStyle,
): string {
  const shown = columns.filter((column) => column.shown ?? true);
  return render(
    shown.map(({ header }) => header),
    rows,
    (row) => shown.map(({ cell }) => cell(row)),
    style,
  );
}

/**
 * Returns a table with upper-case headers, three spaces between columns and no borders; each line ends in a
 * line break. Cells are sanitized for a terminal, kept on one line, and cut in the middle if they are very long.
 */
export function renderTable(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  style: TableStyle = {},
): string {
  return render(headers, rows, (row) => row, style);
}

function render<T>(
  headers: readonly string[],
  rows: readonly T[],
  cellsOf: (row: T) => readonly string[],
  { header: style = 'upper-case', paint }: TableStyle,
): string {
  const written = headers.map((header) => sanitize(header));
  const head =
    style === 'none' ? [] : style === 'upper-case' ? written.map((header) => header.toUpperCase()) : written;
  if (head.length === 0 && rows.length === 0) return '';
  const paints = headers.map((header) => (/^(?:state|phase)$/.test(header) ? paint : undefined));
  const cells = (row: T) =>
    cellsOf(row).map((cell, index) => {
      const text = cutMiddle(sanitize(cell), widestCell);
      return paints[index]?.(text) ?? text;
    });
  const widths = headers.map((_, index) => widthOf(head[index] ?? ''));
  for (const row of rows)
    for (const [index, text] of cells(row).entries())
      widths[index] = Math.max(widths[index] ?? 0, widthOf(text));
  const columns = widths.map((width) => gap + width);
  const heads = head.length > 0 ? [head] : [];
  return heads.length + rows.length > longTable
    ? layOutLong(heads, rows, cells, columns)
    : layOut([...heads, ...rows.map(cells)], columns);
}

function layOut(rows: readonly (readonly string[])[], widths: readonly number[]): string {
  const table = new Table({
    chars: borders,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': gap },
    colWidths: [...widths],
  });
  table.push(...rows.map((row) => [...row]));
  const lines = table.toString().split('\n');
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** Returns the same text as `layOut`. Makes the cells a second time instead of keeping those of all rows. */
function layOutLong<T>(
  heads: readonly (readonly string[])[],
  rows: readonly T[],
  cells: (row: T) => readonly string[],
  widths: readonly number[],
): string {
  const padded = (text: string, index: number) => text + ' '.repeat((widths[index] ?? 0) - widthOf(text));
  const line = (row: readonly string[]) => `${row.map(padded).join('').trimEnd()}\n`;
  return [...heads.map(line), ...rows.map((row) => line(cells(row)))].join('');
}

const plain = /^[\x20-\x7e]*$/;

function widthOf(text: string): number {
  return plain.test(text) ? text.length : stringWidth(text);
}
