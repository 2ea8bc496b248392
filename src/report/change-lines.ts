/** Prints progress to an output that is not a terminal: one line for each change. */
import { sanitize } from '#src/domain/sanitize.ts';
import { sessionOf } from '#src/domain/session/verdict-error.ts';

import { stateOf, type ClaimRow, type ProgressView } from './progress-view.ts';

/** Returns what has changed since `previous`; each line ends in a line break. */
export function changeLines(previous: ProgressView | undefined, view: ProgressView): string {
  const before = new Map(previous?.claims.map((row) => [row.claim, describe(view, row)]));
  const claims = view.claims
    .filter((row) => row.phase !== 'Pending' && before.get(row.claim) !== describe(view, row))
    .map((row) => `${row.claim}: ${describe(view, row)}`);
  const notes = view.notes
    .filter((note) => !(previous?.notes.includes(note) ?? false))
    .map((note) => `note: ${note}`);
  return [...claims, ...notes].map((line) => `${sessionOf(view)}: ${sanitize(line)}\n`).join('');
}

function describe(view: ProgressView, { phase, message, size }: ClaimRow): string {
  const detail = phase === 'Succeeded' ? size : message;
  return detail === undefined ? stateOf(view, phase) : `${stateOf(view, phase)} (${detail})`;
}
