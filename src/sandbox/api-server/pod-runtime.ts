/** What the API server asks of the node: run a command in a container, and read a container's log. */
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

/**
 * Resolves with the exit code. Rejects with the container runtime's error if the command cannot be started.
 */
export type StartExec = (exec: PodExec) => Promise<number>;

export interface PodLogs extends ContainerAddress {
  readonly follow: boolean;
  readonly tailLines?: number | undefined;
  /** Read the log of the container's previous run. */
  readonly previous?: boolean | undefined;
  readonly signal: AbortSignal;
}

export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  /** As the pod sees it. */
  readonly port: number;
}

/** Errors carry `reason` and `code`, as an API Status does. */
export interface PodRuntime {
  /** Throws if the container is not running. */
  openExec(at: ContainerAddress): StartExec;
  logs(request: PodLogs): Promise<Readable>;
  /** Returns the port of this machine's loopback address. Throws if no process of the pod is running. */
  hostPort(at: PodPort): number;
}
