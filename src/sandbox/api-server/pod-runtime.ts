/** What the API server asks of the node: to run a command in a container, and to read what one wrote. */
import type { Readable, Writable } from 'node:stream';

export interface ContainerAddress {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export interface PodExec {
  readonly command: readonly string[];
  readonly stdin?: Readable | undefined;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly tty: boolean;
  readonly signal: AbortSignal;
}

/** Resolves with the exit code; rejects, with the container runtime's words, where the command cannot be started. */
export type StartExec = (exec: PodExec) => Promise<number>;

export interface PodLogs extends ContainerAddress {
  readonly follow: boolean;
  readonly tailLines?: number | undefined;
  /** Of the container's last run before the present one. */
  readonly previous?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** What it refuses it does with an Error that carries `reason` and `code` as an API Status does. */
export interface PodRuntime {
  /** Throws where the container does not run. */
  openExec(at: ContainerAddress): StartExec;
  logs(request: PodLogs): Promise<Readable>;
}
