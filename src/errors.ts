/**
 * What can go wrong, in the words of whoever runs the program.
 * Thrown anywhere, turned into an exit code and a line on stderr in `src/cli/run.ts` only.
 */

/** Every way to end other than success; DESIGN's exit codes are a function of it. */
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
  | 'session-failed'
  | 'timed-out'
  | 'waiting-for-consumer'
  | 'interrupted'
  | 'bug';

const exitCodes: Record<ErrorKind, number> = {
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
  'session-failed': 4,
  'timed-out': 5,
  'waiting-for-consumer': 6,
  interrupted: 130,
  bug: 70,
};

export class StashError extends Error {
  override readonly name = 'StashError';
  readonly kind: ErrorKind;
  /** What to do next; commands in it can be pasted. One line each. */
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

  get exitCode(): number {
    return exitCodes[this.kind];
  }
}

/** True for a StashError of one of these kinds. */
export function isStashError(error: unknown, ...kinds: ErrorKind[]): error is StashError {
  return error instanceof StashError && (kinds.length === 0 || kinds.includes(error.kind));
}

/** Marks the end of a closed union: the compiler refuses a forgotten member. */
export function assertNever(value: never): never {
  throw new StashError('bug', `unexpected value ${JSON.stringify(value)}`);
}
