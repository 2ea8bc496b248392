/** The claims of a running session as table rows. */
import { cutMiddle } from '#src/domain/ellipsis.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import { elapsed, stateOf, type ClaimRow, type ProgressView } from './progress-view.ts';
import { gap, renderTable, type Paint } from './table.ts';
import { mostLines, wrap } from './wrap.ts';

const headers = ['claim', 'state', 'size', 'elapsed'] as const;
/**
 * Terminal columns that a message needs. If the other cells leave fewer, or if a message needs more than `mostBeside`
 * lines there, messages are on lines of their own.
 */
const minMessageWidth = 24;
const mostBeside = 3;
const indent = '  ';

export interface ClaimsStyle {
  readonly columns: number;
  /** How many lines the rows may take. */
  readonly rows: number;
  readonly paint?: Paint | undefined;
}

interface Row {
  readonly claim: ClaimRow;
  readonly cells: readonly string[];
  /** The lines of the message. */
  readonly message: readonly string[];
}

/**
 * Returns lines that end in a line break. If not all rows fit, leaves out finished claims first, and the last line says
 * how many are missing.
 */
export function claimsTable(view: ProgressView, now: Date, { columns, rows, paint }: ClaimsStyle): string {
  const all = view.claims.map((claim) => ({ claim, cells: cellsOf(view, claim, now) }));
  const widths = headers.map((header, index) =>
    Math.max(header.length, ...all.map(({ cells }) => cells[index]?.length ?? 0)),
  );
  const room = columns - widths.reduce((sum, width) => sum + width + gap, 0);
  const longest = Math.max(0, ...view.claims.map(({ message = '' }) => sanitize(message).length));
  const isBeside = room >= Math.max(minMessageWidth, longest / mostBeside);
  const width = isBeside ? room : columns - indent.length;
  const wrapped = all.map((row): Row => {
    const { message } = row.claim;
    const most = Math.min(mostLines, rows - 1);
    return { ...row, message: message === undefined ? [] : wrap(sanitize(message), width, most) };
  });
  const shown = rowsThatFit(wrapped, rows, isBeside);
  const table = isBeside
    ? messagesBeside(shown, paint)
    : // No column follows the last one, so its gap can be used.
      messagesBelow(shown, (widths[0] ?? 0) + Math.min(0, room + gap), paint);
  const missing = view.claims.length - shown.length;
  return missing > 0 ? `${table}... and ${missing} more\n` : table;
}

function cellsOf(view: ProgressView, row: ClaimRow, now: Date): string[] {
  return [row.claim, stateOf(view, row.phase), row.size ?? '', elapsed(row, now)].map(sanitize);
}

function messagesBeside(rows: readonly Row[], paint: Paint | undefined): string {
  const lines = rows.flatMap(({ cells, message: [first = '', ...more] }) => [
    [...cells, first],
    ...more.map((line) => [...headers.map(() => ''), line]),
  ]);
  return renderTable([...headers, 'waits for'], lines, { paint });
}

function messagesBelow(rows: readonly Row[], claimWidth: number, paint: Paint | undefined): string {
  const named = rows.map(({ cells: [claim = '', ...others] }) => [cutMiddle(claim, claimWidth), ...others]);
  const [head = '', ...lines] = renderTable(headers, named, { paint }).trimEnd().split('\n');
  const below = rows.map(({ message }) => message.map((line) => indent + line));
  return [head, ...lines.flatMap((line, index) => [line, ...(below[index] ?? [])])]
    .map((line) => `${line}\n`)
    .join('');
}

/** Returns the rows that fit into `budget` lines, the most urgent phases first; all rows if they fit. */
function rowsThatFit(rows: readonly Row[], budget: number, isBeside: boolean): Row[] {
  const linesOf = ({ message }: Row) => (isBeside ? Math.max(1, message.length) : 1 + message.length);
  const total = rows.reduce((sum, row) => sum + linesOf(row), 0);
  if (total <= budget) return [...rows];
  const order = { Failed: 0, Running: 1, Unknown: 2, Pending: 3, Succeeded: 4 };
  let left = budget;
  return [...rows]
    .sort((a, b) => order[a.claim.phase] - order[b.claim.phase])
    .filter((row) => (left -= linesOf(row)) >= 0);
}
