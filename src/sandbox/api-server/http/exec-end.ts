/**
 * The exit status of an exec, sent on channel 3. For clients of `v4.channel.k8s.io`, API server and kubelet
 * pass on the container runtime's own form; for `v5.channel.k8s.io`, the kubelet rewrites it.
 */
type RuntimeEnd = {
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes: readonly { readonly reason?: string; readonly message: string }[] };
  readonly code?: number;
};

export type ExecProtocol = 'v5.channel.k8s.io' | 'v4.channel.k8s.io';

/** Returns the exit status of a command that has ended. */
export function exitedEnd(
  protocol: ExecProtocol,
  exitCode: number,
  command: readonly string[],
): Readonly<Record<string, unknown>> {
  if (exitCode === 0) return inForm(protocol, { status: 'Success' });
  const why =
    protocol === 'v5.channel.k8s.io'
      ? `command terminated with exit code ${exitCode}`
      : `error executing command [${command.join(' ')}], exit code ${exitCode}`;
  return inForm(protocol, {
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${why}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  });
}

/** `why`: the reason of the container runtime, which could not start the command. */
export function unstartedEnd(protocol: ExecProtocol, why: string): Readonly<Record<string, unknown>> {
  const internal = (message: string) => `Internal error occurred: ${message}`;
  const said = internal(`error executing command in container: ${why}`);
  const failure = { status: 'Failure', reason: 'InternalError', code: 500 } as const;
  return protocol === 'v5.channel.k8s.io'
    ? inForm(protocol, { ...failure, message: internal(said), details: { causes: [{ message: said }] } })
    : inForm(protocol, { ...failure, message: said });
}

function inForm(protocol: ExecProtocol, end: RuntimeEnd): Readonly<Record<string, unknown>> {
  return protocol === 'v5.channel.k8s.io' ? { metadata: {}, ...end } : end;
}
