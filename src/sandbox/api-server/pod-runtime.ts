/** What the API server asks of the node: to run a command in a container, and to read what one wrote. */
import type { Readable, Writable } from 'node:stream';

export interface PodExec {
  readonly namespace: string;
  readonly pod: string;
  /** Left out: the pod's first container. */
  readonly container?: string | undefined;
  readonly command: readonly string[];
  readonly stdin?: Readable | undefined;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly tty: boolean;
  readonly signal: AbortSignal;
}

export interface PodLogs {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string | undefined;
  readonly follow: boolean;
  readonly tailLines?: number | undefined;
  /** Of the container's last run before the present one. */
  readonly previous?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** Rejects with an Error that carries `reason` and `code` as an API Status does. */
export interface PodRuntime {
  /** Resolves with the exit code. */
  exec(request: PodExec): Promise<number>;
  logs(request: PodLogs): Promise<Readable>;
}
