/** Tables in kubectl's style. */
import stringWidth from 'string-width';

import { cutMiddle } from '#src/domain/ellipsis.ts';
import { sanitize } from '#src/domain/sanitize.ts';

/** `TYPE/NAME` of the longest name fits. */
const widestCell = 300;
/** Spaces between columns. */
export const gap = 3;

/** Returns a phase in its colour. */
export type Paint = (phase: string) => string;

export interface TableStyle {
  readonly header?: 'upper-case' | 'as-written' | 'none';
  /** For the cells of the columns STATE and PHASE. */
  readonly paint?: Paint | undefined;
}

/** A column of a table with a row for each `T`. */
export interface Column<T> {
  readonly header: string;
  /** Left out: always. */
  readonly shown?: boolean;
  readonly cell: (of: T) => string;
}

/** As `renderTable`, without the columns that are not shown. */
export function renderColumns<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  style: TableStyle,
): string {
  const shown = columns.filter((column) => column.shown ?? true);
  return renderTable(
    shown.map(({ header }) => header),
    rows.map((row) => shown.map(({ cell }) => cell(row))),
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
  { header: style = 'upper-case', paint }: TableStyle = {},
): string {
  const written = headers.map((header) => sanitize(header));
  const head =
    style === 'none' ? [] : style === 'upper-case' ? written.map((header) => header.toUpperCase()) : written;
  if (head.length === 0 && rows.length === 0) return '';
  const paints = headers.map((header) => (/^(?:state|phase)$/.test(header) ? paint : undefined));
  const cells = rows.map((row) =>
    row.map((cell, index) => {
      const text = cutMiddle(sanitize(cell), widestCell);
      return paints[index]?.(text) ?? text;
    }),
  );
  const all = head.length > 0 ? [head, ...cells] : cells;
  const widths = headers.map((_, index) => gap + widest(all, index));
  return all.map((row) => layOut(row, widths)).join('');
}

function layOut(row: readonly string[], widths: readonly number[]): string {
  const line = row.map((text, index) => text + ' '.repeat(Math.max(0, (widths[index] ?? 0) - widthOf(text))));
  return `${line.join('').trimEnd()}\n`;
}

function widest(rows: readonly (readonly string[])[], column: number): number {
  return rows.reduce((width, row) => Math.max(width, widthOf(row[column] ?? '')), 0);
}

const plain = /^[\x20-\x7e]*$/;

function widthOf(text: string): number {
  return plain.test(text) ? text.length : stringWidth(text);
}
