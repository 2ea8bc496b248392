/** All that a command may do to the world. Tests build their own; `cmd/kubectl-stash.ts` builds the real one. */
import type { Readable, Writable } from 'node:stream';

import type { Connection, ConnectionFlags } from '#src/cluster/connection.ts';
import type { Clock } from '#src/domain/clock.ts';

export type { Connection, ConnectionFlags };

export interface Context extends Clock {
  readonly out: Writable;
  readonly err: Writable;
  /** Whether `err`, where progress goes, is a terminal. */
  readonly isTTY: boolean;
  /** Of the terminal that `err` is; 80 and 24 where it is none. */
  readonly columns: number;
  readonly rows: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal;
  readonly in: Readable;
  /** The program and first arguments that run this program once more. */
  readonly program: readonly string[];
  /** Text of a file; relative paths start at the working directory. Rejects as node:fs does. */
  readFile(path: string): Promise<string>;
  /** Reads the kubeconfig; nothing is asked of the server before the first call on the result. */
  cluster(flags: ConnectionFlags): Promise<Connection>;
}
