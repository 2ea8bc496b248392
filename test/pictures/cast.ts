/** Recordings of a terminal in asciinema's format, version 2: a line of JSON with the header, then one for each event. */

export interface Cast {
  readonly columns: number;
  readonly rows: number;
  readonly title: string;
  /** A player shortens longer pauses to this many seconds. */
  readonly longestPause: number;
  readonly output: readonly Output[];
}

/** What the terminal received at a time, in seconds from the start. */
export interface Output {
  readonly at: number;
  readonly data: string;
}

interface Header {
  readonly version: number;
  readonly width: number;
  readonly height: number;
  readonly idle_time_limit: number;
  readonly title: string;
}

type Event = readonly [at: number, kind: 'o', data: string];

export function formatCast({ columns, rows, title, longestPause, output }: Cast): string {
  const header: Header = { version: 2, width: columns, height: rows, idle_time_limit: longestPause, title };
  const events = output.map(({ at, data }): Event => [at, 'o', data]);
  return [header, ...events].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Reads what `formatCast` wrote. */
export function parseCast(text: string): Cast {
  const [header, ...events] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown) as [Header, ...Event[]];
  return {
    columns: header.width,
    rows: header.height,
    title: header.title,
    longestPause: header.idle_time_limit,
    output: events.map(([at, , data]) => ({ at, data })),
  };
}

/** Returns the output as a player shows it: from 0 on, without the rest of each long pause. */
export function withoutLongPauses({ output, longestPause }: Cast): Output[] {
  let before = output[0]?.at ?? 0;
  let shown = 0;
  return output.map(({ at, data }) => {
    shown += Math.min(at - before, longestPause);
    before = at;
    return { at: shown, data };
  });
}
