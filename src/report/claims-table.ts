/** The claims of a running session as table rows. */
import { sanitize } from '#src/domain/sanitize.ts';

import { cutEnd, cutMiddle } from '#src/domain/ellipsis.ts';
import { elapsed, stateOf, type ClaimRow, type ProgressView } from './progress-view.ts';
import { gap, renderTable } from './table.ts';

const headers = ['claim', 'state', 'size', 'elapsed'] as const;
/**
 * Columns that the message needs. If fewer are left beside the other cells, the message moves to a line of
 * its own.
 */
const minMessageWidth = 24;
const indent = '  ';

export interface TableSize {
  readonly columns: number;
  /** How many lines the rows may take. */
  readonly rows: number;
}

/**
 * Returns lines that end in a line break. If not all rows fit, finished claims are left out first, and the
 * last line says how many are missing.
 */
export function claimsTable(view: ProgressView, now: Date, { columns, rows }: TableSize): string {
  const cells = new Map(view.claims.map((row) => [row, cellsOf(view, row, now)]));
  const widths = headers.map((header, index) =>
    Math.max(header.length, ...[...cells.values()].map((each) => each[index]?.length ?? 0)),
  );
  const room = columns - widths.reduce((sum, width) => sum + width + gap, 0);
  const isBeside = room >= minMessageWidth;
  const shown = rowsThatFit(view.claims, rows, isBeside);
  const table = isBeside
    ? renderTable(
        [...headers, 'waits for'],
        shown.map((row) => [...(cells.get(row) ?? []), row.message ?? '']),
        { columns },
      )
    : messagesBelow(
        shown.map((row) => ({ cells: cells.get(row) ?? [], message: row.message })),
        // No column follows the last one, so its gap can be used.
        { columns, claimWidth: (widths[0] ?? 0) + Math.min(0, room + gap) },
      );
  const missing = view.claims.length - shown.length;
  return missing > 0 ? `${table}... and ${missing} more\n` : table;
}

function cellsOf(view: ProgressView, row: ClaimRow, now: Date): string[] {
  return [row.claim, stateOf(view, row.phase), row.size ?? '', elapsed(row, now)].map(sanitize);
}

function messagesBelow(
  rows: readonly { readonly cells: readonly string[]; readonly message: string | undefined }[],
  { columns, claimWidth }: { readonly columns: number; readonly claimWidth: number },
): string {
  const named = rows.map(({ cells: [claim = '', ...others] }) => [cutMiddle(claim, claimWidth), ...others]);
  const [head = '', ...lines] = renderTable(headers, named).trimEnd().split('\n');
  const below = rows.map(({ message }) =>
    message === undefined ? [] : [indent + cutEnd(sanitize(message), columns - indent.length)],
  );
  return [head, ...lines.flatMap((line, index) => [line, ...(below[index] ?? [])])]
    .map((line) => `${line}\n`)
    .join('');
}

/** Returns the rows that fit into `budget` lines, the most urgent phases first; all rows if they fit. */
function rowsThatFit(rows: readonly ClaimRow[], budget: number, isBeside: boolean): ClaimRow[] {
  const linesOf = ({ message }: ClaimRow) => (isBeside || message === undefined ? 1 : 2);
  const total = rows.reduce((sum, row) => sum + linesOf(row), 0);
  if (total <= budget) return [...rows];
  const order = { Failed: 0, Running: 1, Unknown: 2, Pending: 3, Succeeded: 4 };
  let left = budget;
  return [...rows]
    .sort((a, b) => order[a.phase] - order[b.phase])
    .filter((row) => (left -= linesOf(row)) >= 0);
}
