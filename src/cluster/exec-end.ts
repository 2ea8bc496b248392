/** How a command in a container ended, as kubelets and API servers say it on the last channel of an exec. */
import type { Status } from '#src/api/kubernetes.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import { ClusterError, oneLine } from './errors.ts';

/** A Status of which only `status` is sure: a kubelet leaves out its kind, containerd its metadata too. */
export type ExecEnd = Pick<Status, 'message' | 'reason' | 'code' | 'details'> & { readonly status: string };

/** `where`: what was run, for messages. Undefined: an empty message, which only announces the channel. */
export function readExecEnd(payload: Buffer, where: string): ExecEnd | undefined {
  const text = payload.toString();
  if (text === '') return undefined;
  const value = parse(text);
  if (isExecEnd(value)) return value;
  const said = shortened(sanitize(text).trim());
  throw new ClusterError('server', `the server ended ${where} with something that is no status: ${said}`);
}

/** Throws where no exit code is told: the command was not started, or the runtime lost it. */
export function exitCodeOf(end: ExecEnd, where: string): number {
  if (end.status === 'Success') return 0;
  const cause = end.details?.causes?.find(({ reason }) => reason === 'ExitCode');
  const code = Number(cause?.message ?? Number.NaN);
  if (Number.isInteger(code)) return code;
  const said = oneLine(sanitize(end.message ?? '')) || end.reason || end.status;
  throw (
    unstartedError(said, where) ??
    new ClusterError('server', `cannot run ${where}: ${said}`, { reason: end.reason, code: end.code })
  );
}

/**
 * For words of a kubelet, or of an API server that does not reach one, which say that the command was surely not begun:
 * 'not-found' where the container does not run, else 'precondition'.
 */
export function unstartedError(said: string, where: string): ClusterError | undefined {
  const kind = /container not found \("|container is in \w+ state/.test(said)
    ? 'not-found'
    : /unable to start container process|error dialing backend/.test(said)
      ? 'precondition'
      : undefined;
  return kind && new ClusterError(kind, `cannot run ${where}: ${said}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isExecEnd(value: unknown): value is ExecEnd {
  return typeof value === 'object' && value !== null && 'status' in value && typeof value.status === 'string';
}

const longest = 200;

function shortened(text: string): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
