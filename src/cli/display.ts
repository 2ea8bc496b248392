/** Shows running sessions on stderr: as a live table on a terminal, else as a line for each change. */
import type { Progress } from '#src/domain/session/progress.ts';
import { changeLines } from '#src/report/change-lines.ts';
import { liveFrame } from '#src/report/live-frame.ts';
import { viewOf, type ProgressView } from '#src/report/progress-view.ts';

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

export async function openDisplay(context: Context): Promise<Display> {
  return canRedraw(context) ? openTable(context) : openLog(context);
}

/** Whether the terminal can move its cursor and has room for a table. */
function canRedraw({ isTTY, columns, rows, env }: Context): boolean {
  return isTTY && columns > 0 && rows > 0 && env['TERM'] !== 'dumb';
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
  const update = createLogUpdate(err, { defaultWidth: context.columns, defaultHeight: context.rows });
  const closed = new AbortController();
  let drawn = '';
  const draw = () => {
    const frame = liveFrame([...views.values()], context.now(), context);
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
