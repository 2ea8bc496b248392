/** Runs a command beside the files, or in a pod of the workload. */
import { PassThrough, Writable, type Readable } from 'node:stream';

import type { Cluster, ExecRequest } from '#src/cluster/port.ts';
import { isStashError, StashError, type ErrorKind } from '#src/errors.ts';

export interface PodCommand extends Pick<ExecRequest, 'namespace' | 'pod' | 'container' | 'command'> {
  readonly signal: AbortSignal;
  readonly stdin?: Readable;
}

export interface Ended {
  readonly code: number;
  /** What the command wrote to stderr, or the end of it. */
  readonly said: string;
}

const mostSaid = 16_384;

/** Resolves once the command has ended, and all its output was written to `stdout`. */
export async function runInPod(
  cluster: Pick<Cluster, 'exec'>,
  command: PodCommand,
  stdout: Writable,
): Promise<Ended> {
  let said = '';
  const stderr = new Writable({
    write(chunk: Buffer, _encoding, done) {
      said = (said + chunk.toString()).slice(-mostSaid);
      done();
    },
  });
  const code = await cluster.exec({ ...command, stdout, stderr });
  return { code, said: said.trim() };
}

/**
 * Runs the command, and `read` on its output. Rejects with the error of `read`, unless the command has failed: then with what it said, as
 * 'not-found' if our program exits so.
 */
export async function readFromPod<T>(
  cluster: Pick<Cluster, 'exec'>,
  command: PodCommand,
  read: (output: Readable) => Promise<T>,
  isCutShort: (error: unknown) => boolean = () => false,
): Promise<{ readonly result: T; readonly ended: Ended }> {
  const output = new PassThrough({ highWaterMark: 1024 * 1024 });
  const stopped = new AbortController();
  const signal = AbortSignal.any([command.signal, stopped.signal]);
  const running = runInPod(cluster, { ...command, signal }, output).finally(() => output.end());
  const reading = read(output).catch((error: unknown) => {
    // The command must not wait for a reader that is gone.
    stopped.abort();
    output.resume();
    throw error;
  });
  const [ran, done] = await Promise.allSettled([running, reading]);
  if (done.status === 'fulfilled' && ran.status === 'fulfilled')
    return { result: done.value, ended: ran.value };
  if (done.status === 'rejected' && !isCutShort(done.reason)) throw done.reason;
  if (ran.status === 'rejected')
    throw command.signal.aborted ? reasonOf(command.signal, ran.reason) : ran.reason;
  if (ran.value.code !== 0) throw failedInPod(ran.value);
  throw done.status === 'rejected' ? done.reason : new StashError('bug', 'nothing failed');
}

/** What a command said that has failed, in our own program's words if it is ours. */
export function failedInPod({ code, said }: Ended): StashError {
  const [first = '', ...rest] = said.split('\n');
  const kind: ErrorKind = code === 3 ? 'not-found' : 'precondition';
  const message = first.replace(/^error: /, '') || `the command in the pod ended with exit code ${code}`;
  const hints = rest.filter((line) => line.startsWith('hint: ')).map((line) => line.slice('hint: '.length));
  return new StashError(kind, message, hints.length === 0 ? {} : { hint: hints.join('\n') });
}

/** The session may have been deleted meanwhile. */
function reasonOf({ reason }: AbortSignal, otherwise: unknown): unknown {
  return isStashError(reason) ? reason : otherwise;
}
