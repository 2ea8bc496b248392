/** The live table of one or more sessions, as it stands on a terminal. */
import { formatDuration } from '#src/domain/duration.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import { elapsed, stateOf, titleOf, type ProgressView } from './progress-view.ts';
import { renderTable } from './table.ts';

/** Rows beyond these would scroll the frame out of the window: what is done already gives way. */
export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
}

/** Lines that end in a line break. */
export function liveFrame(views: readonly ProgressView[], now: Date, size: FrameSize): string {
  const share = Math.floor((size.rows - 2) / Math.max(1, views.length)) - 3;
  return views.map((view) => sessionFrame(view, now, size.columns, share)).join('\n');
}

function sessionFrame(view: ProgressView, now: Date, columns: number, share: number): string {
  const notes = view.notes.flatMap((note) => wrap(`note: ${note}`, columns));
  const budget = Math.max(3, share - notes.length);
  const order = { Failed: 0, Running: 1, Unknown: 2, Pending: 3, Succeeded: 4 };
  const tooMany = view.claims.length > budget;
  const shown = tooMany
    ? [...view.claims].sort((a, b) => order[a.phase] - order[b.phase]).slice(0, budget)
    : view.claims;
  const rows = shown.map((row) => [
    row.claim,
    stateOf(view, row.phase),
    row.size ?? '',
    elapsed(row, now),
    row.message ?? '',
  ]);
  return [
    `${cut(headline(view, now), columns)}\n`,
    renderTable(['claim', 'state', 'size', 'elapsed', 'waits for'], rows, { columns }),
    ...(tooMany ? [`... and ${view.claims.length - shown.length} more\n`] : []),
    ...notes.map((line) => `${line}\n`),
  ].join('');
}

function headline(view: ProgressView, now: Date): string {
  const done = view.claims.filter(({ phase }) => phase === 'Succeeded').length;
  const left = view.deadline.getTime() - now.getTime();
  const time = view.verdict === undefined && left > 0 ? `, ${formatDuration(left)} left` : '';
  return `${titleOf(view)}  ${done}/${view.claims.length} ${stateOf(view, 'Succeeded').toLowerCase()}${time}`;
}

/** At most three lines: why a pod waits stands at the end of its note. */
function wrap(note: string, columns: number): string[] {
  const lines: string[] = [];
  let rest = sanitize(note);
  while (rest.length > columns && lines.length < 2) {
    const space = rest.lastIndexOf(' ', columns);
    const end = space > columns / 2 ? space : columns;
    lines.push(rest.slice(0, end));
    rest = `      ${rest.slice(end).trimStart()}`;
  }
  return [...lines, cut(rest, columns)];
}

function cut(line: string, columns: number): string {
  const text = sanitize(line);
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
