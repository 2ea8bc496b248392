/**
 * StashError: every failure that the user is told about.
 * Thrown anywhere; only `src/cli/run.ts` turns it into an exit code and a line on stderr.
 */

/** Every way in which a command can fail. The exit code depends on nothing else. */
export type ErrorKind =
  | 'usage'
  | 'not-found'
  | 'already-exists'
  | 'conflict'
  | 'forbidden'
  | 'unauthorized'
  | 'invalid'
  | 'gone'
  | 'unreachable'
  | 'server'
  | 'precondition'
  | 'no-claims'
  | 'session-failed'
  | 'timed-out'
  | 'waiting-for-consumer'
  | 'workload-down'
  | 'interrupted'
  | 'bug';

const exitCodes = {
  usage: 2,
  'not-found': 3,
  'already-exists': 1,
  conflict: 1,
  forbidden: 1,
  unauthorized: 1,
  invalid: 1,
  gone: 1,
  unreachable: 1,
  server: 1,
  precondition: 1,
  'no-claims': 1,
  'session-failed': 4,
  'timed-out': 5,
  'waiting-for-consumer': 6,
  'workload-down': 7,
  interrupted: 130,
  bug: 70,
} as const satisfies Record<ErrorKind, number>;

/** The exit codes of failures; 0 is success. */
export type ExitCode = (typeof exitCodes)[ErrorKind];

export class StashError extends Error {
  override readonly name = 'StashError';
  readonly kind: ErrorKind;
  /** What the user can do next: one line per step. The user can paste the commands in it. */
  readonly hint: string | undefined;

  constructor(
    kind: ErrorKind,
    message: string,
    options: { hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.hint = options.hint;
  }

  get exitCode(): ExitCode {
    return exitCodes[this.kind];
  }
}

/** Returns true if `error` is a StashError of one of `kinds`, or of any kind if none is given. */
export function isStashError(error: unknown, ...kinds: ErrorKind[]): error is StashError {
  return error instanceof StashError && (kinds.length === 0 || kinds.includes(error.kind));
}

/** Marks the end of a closed union: the compiler reports a member that has no branch. */
export function assertNever(value: never): never {
  throw new StashError('bug', `unexpected value ${JSON.stringify(value)}`);
}
