/**
 * Reads how a command in a container ended, from what kubelets and API servers send on the last channel of an
 * exec.
 */
import type { Status } from '#src/api/kubernetes.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import { ClusterError, oneLine } from './errors.ts';

/**
 * A Status of which only `status` is guaranteed: a kubelet leaves out the kind, containerd the metadata too.
 */
export type ExecEnd = Pick<Status, 'message' | 'reason' | 'code' | 'details'> & { readonly status: string };

/**
 * Returns the parsed end, or undefined for an empty message, which only opens the channel. `where` names the
 * command in messages. Throws 'server' if the payload is not a Status.
 */
export function readExecEnd(payload: Buffer, where: string): ExecEnd | undefined {
  const text = payload.toString();
  if (text === '') return undefined;
  const value = parse(text);
  if (isExecEnd(value)) return value;
  const said = shortened(sanitize(text).trim());
  throw new ClusterError('server', `the server ended ${where} with an invalid status: ${said}`);
}

/**
 * Returns the command's exit code. Throws if there is none: the command never started, or the runtime lost
 * it.
 */
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
 * Returns an error if the words of a kubelet, or of an API server that cannot reach one, prove that the
 * command never started; else undefined. Its kind is 'not-found' if the container does not run or the kubelet
 * does not know the pod, else 'precondition'.
 */
export function unstartedError(said: string, where: string): ClusterError | undefined {
  const kind = /container not found \("|container is in \w+ state|^pod does not exist$/.test(said)
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
