/** Draws the live table of one or more sessions on a terminal. */
import { sanitize } from '#src/domain/sanitize.ts';

import { claimsTable } from './claims-table.ts';
import { headline } from './headline.ts';
import { wholeSecond, type ProgressView } from './progress-view.ts';
import type { Paint } from './table.ts';
import { wrap } from './wrap.ts';

/**
 * The size of the terminal. More rows would scroll the frame off the screen, so the frame leaves out finished claims
 * first.
 */
export interface FrameStyle {
  readonly columns: number;
  readonly rows: number;
  readonly paint?: Paint | undefined;
}

/** Returns lines that end in a line break. All clocks in them show the same whole second, so they tick at once. */
export function liveFrame(views: readonly ProgressView[], now: Date, style: FrameStyle): string {
  // Besides its claims and notes, a session needs a headline, a header, a line for missing claims, and an empty line.
  const share = Math.floor((style.rows - 1) / Math.max(1, views.length)) - 4;
  const second = wholeSecond(now);
  return views.map((view) => sessionFrame(view, second, style, share)).join('\n');
}

function sessionFrame(view: ProgressView, now: Date, { columns, paint }: FrameStyle, share: number): string {
  const head = headline(view, now, columns);
  const notes = view.notes.flatMap((note) => noteLines(note, columns));
  const rows = Math.max(3, share - (head.length - 1) - notes.length);
  return [
    ...head.map((line) => `${line}\n`),
    claimsTable(view, now, { columns, rows, paint }),
    ...notes.map((line) => `${line}\n`),
  ].join('');
}

function noteLines(note: string, columns: number): string[] {
  const label = 'note: ';
  return wrap(sanitize(note), columns - label.length).map(
    (line, index) => (index === 0 ? label : ' '.repeat(label.length)) + line,
  );
}
