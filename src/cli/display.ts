/** Shows running sessions on stderr: as a live table on a terminal, else as a line for each change. */
import type { Progress } from '#src/domain/session/progress.ts';
import { StashError } from '#src/errors.ts';
import { changeLines } from '#src/report/change-lines.ts';
import { liveFrame } from '#src/report/live-frame.ts';
import { viewOf, type ProgressView } from '#src/report/progress-view.ts';

import { paintFor } from './colour.ts';
import type { Context } from './context.ts';
import { printLine } from './print-line.ts';

export interface Display {
  /** Shows the present state of a session. Sessions are in the order in which they were first shown. */
  readonly show: (progress: Progress) => void;
  /** Prints a line of text. */
  readonly say: (line: string) => void;
  /** Stops updating, and leaves the last state on the screen. */
  readonly close: () => void;
}

/** How often the table updates its elapsed times. */
const tickMs = 1_000;

export type ProgressMode = 'auto' | 'live' | 'plain';

export async function openDisplay(context: Context, mode: ProgressMode): Promise<Display> {
  return mode !== 'plain' && whyNotLive(context) === undefined ? openTable(context) : openLog(context);
}

/**
 * Returns a `say` for each session of several that run in parallel: it leaves out what another of them has said. A session
 * may repeat its own lines, for example if it is taken over twice.
 */
export function shareSay(say: Display['say']): () => Display['say'] {
  const firstToSay = new Map<string, symbol>();
  return () => {
    const self = Symbol();
    return (line) => {
      const first = firstToSay.get(line) ?? self;
      firstToSay.set(line, first);
      if (first === self) say(line);
    };
  };
}

/** Throws 'usage' if stderr cannot show what the user asks for. */
export function checkProgress(context: Context, mode: ProgressMode): void {
  const why = mode === 'live' ? whyNotLive(context) : undefined;
  if (why === undefined) return;
  throw new StashError('usage', `--progress=live needs a terminal that can redraw a table, but ${why}`, {
    hint: 'use --progress=plain',
  });
}

function whyNotLive({ isTTY, columns, rows, env }: Context): string | undefined {
  if (!isTTY) return 'stderr is not a terminal';
  if (columns === 0 || rows === 0) return 'the terminal has no size';
  return env['TERM'] === 'dumb' ? 'TERM is dumb' : undefined;
}

function openLog(context: Context): Display {
  const { err } = context;
  const views = new Map<string, ProgressView>();
  return {
    show: (progress) => {
      const key = keyOf(progress);
      const previous = views.get(key);
      const view = viewOf(progress, previous, context.now());
      views.set(key, view);
      err.write(changeLines(previous, view));
    },
    say: (line) => {
      printLine(err, line);
    },
    close: () => undefined,
  };
}

async function openTable(context: Context): Promise<Display> {
  const { err } = context;
  // Slow to load, and needed on a terminal only.
  const { createLogUpdate } = await import('log-update');
  const views = new Map<string, ProgressView>();
  const paint = paintFor(context.isTTY, context);
  const update = createLogUpdate(err, { defaultWidth: context.columns, defaultHeight: context.rows });
  const closed = new AbortController();
  let drawn = '';
  const draw = () => {
    const { columns, rows } = context;
    const frame = liveFrame([...views.values()], context.now(), { columns, rows, paint });
    if (frame === drawn) return;
    drawn = frame;
    // log-update takes an empty line as the end of the previous frame, and then erases one line too many.
    update(frame.trimEnd().replaceAll(/^$/gm, ' '));
  };
  void (async () => {
    for (;;) {
      await context.sleep(tickMs, closed.signal);
      if (closed.signal.aborted) return;
      if (views.size > 0) draw();
    }
  })();
  return {
    show: (progress) => {
      const key = keyOf(progress);
      views.set(key, viewOf(progress, views.get(key), context.now()));
      draw();
    },
    say: (line) => {
      update.clear();
      printLine(err, line);
      drawn = '';
      if (views.size > 0) draw();
    },
    close: () => {
      closed.abort();
      if (views.size > 0) draw();
      update.done();
    },
  };
}

function keyOf({ kind, namespace, session }: Progress): string {
  return `${kind.name} ${namespace}/${session}`;
}
