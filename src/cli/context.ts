/** Everything that a command may read and write. `cmd/kubectl-stash.ts` builds the real one, tests build their own. */
import type { Readable, Writable } from 'node:stream';

import type { Connection, ConnectionFlags } from '#src/cluster/connection.ts';
import type { Clock } from '#src/domain/clock.ts';
import type { UtcOffset } from '#src/report/time.ts';

export type { Connection, ConnectionFlags };

export interface Context extends Clock {
  readonly out: Writable;
  readonly err: Writable;
  /** Whether `err`, on which commands show progress, is a terminal. */
  readonly isTTY: boolean;
  /** Whether `out` is a terminal. */
  readonly outIsTTY: boolean;
  /** The size of the terminal: 0 if it tells none, as with `ssh -tt` in a cron job; 80 and 24 if `err` is no terminal. */
  readonly columns: number;
  readonly rows: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the time zone in which `list` shows times. */
  readonly utcOffset: UtcOffset;
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal;
  readonly in: Readable;
  /** Whether `in` is a terminal. */
  readonly inIsTTY: boolean;
  /**
   * Passes each key on as it is typed, until the returned function is called: Ctrl-C, too. Only if `in` is a terminal.
   */
  readonly rawInput: () => () => void;
  /** Calls `listener` whenever the size of the terminal changes, until `signal` aborts. */
  readonly onResize: (listener: () => void, signal: AbortSignal) => void;
  /** The working directory. */
  readonly directory: () => string;
  /** The program and its first arguments that run this program again. */
  readonly program: readonly string[];
  /** Text of a file; relative paths start at the working directory. Rejects as node:fs does. */
  readFile(path: string): Promise<string>;
  /**
   * Reads the kubeconfig. Sends nothing to the server before the first call on the result. From its first answer on,
   * `now` is the server's time; `onWarning` gets the words if the machine's clock differs or
   * the server takes long to answer, instead of stderr.
   */
  cluster(flags: ConnectionFlags, onWarning?: (words: string) => void): Promise<Connection>;
}
