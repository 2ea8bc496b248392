/** Shows on stderr how far a copy is: on a terminal as a line that it redraws, else as a new line every 30 s. */
import { transferLine } from '#src/report/transfer.ts';

import type { Context } from './context.ts';
import { printLine } from './print-line.ts';

export interface TransferDisplay {
  readonly onFile: () => void;
  readonly onBytes: (bytes: number) => void;
  readonly onTotal: (bytes: number) => void;
  readonly say: (line: string) => void;
  readonly state: () => { readonly files: number; readonly bytes: number };
  /** Removes the line. */
  readonly close: () => void;
}

const redrawMs = 500;
const plainMs = 30_000;

export async function openTransfer(context: Context): Promise<TransferDisplay> {
  const { err } = context;
  const isLive = context.isTTY && context.columns > 0 && context.env['TERM'] !== 'dumb';
  const start = context.now().getTime();
  let files = 0;
  let bytes = 0;
  let total: number | undefined;
  const line = () => transferLine({ files, bytes, total, elapsedMs: context.now().getTime() - start });
  const update = isLive
    ? // Slow to load, and needed on a terminal only.
      (await import('log-update')).createLogUpdate(err, { defaultWidth: context.columns })
    : undefined;
  const closed = new AbortController();
  void (async () => {
    for (;;) {
      await context.sleep(update ? redrawMs : plainMs, closed.signal);
      if (closed.signal.aborted) return;
      if (update) update(line());
      else printLine(err, `copied so far: ${line()}`);
    }
  })();
  return {
    onFile: () => {
      files += 1;
    },
    onBytes: (more) => {
      bytes += more;
    },
    onTotal: (all) => {
      total = all;
    },
    say: (words) => {
      update?.clear();
      printLine(err, words);
    },
    state: () => ({ files, bytes }),
    close: () => {
      closed.abort();
      update?.clear();
      update?.done();
    },
  };
}
