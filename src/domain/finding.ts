/** The findings of checks, and the errors of commands that stop at the first failure. */
import { StashError, type ErrorKind } from '#src/errors.ts';

import type { Right } from './rights.ts';

export type Level = Finding['level'];

interface Words {
  /** One line. */
  readonly message: string;
  /** What the user can do or look at. The user can paste lines that begin with `kubectl`. */
  readonly hint?: string | undefined;
  /** The right that the user lacks. */
  readonly right?: Right | undefined;
  /** A command line for the user to paste, after which the check passes. */
  readonly fix?: string | undefined;
}

/** `unknown`: the check could not read its facts, or they do not decide. */
export type Finding = Failure | (Words & { readonly level: 'ok' | 'warn' | 'unknown' });

export interface Failure extends Words {
  readonly level: 'fail';
  /** The kind of the error of a command that stops at this failure. */
  readonly kind: ErrorKind;
}

/** What a check chooses, or why there is nothing to choose. */
export type Choice<T> = { readonly value: T } | { readonly failure: Failure };

export function failure(kind: ErrorKind, message: string, more: Omit<Words, 'message'> = {}): Failure {
  return { level: 'fail', kind, message, ...more };
}

/** Builds the Choice of a failure. */
export function noChoice(...why: Parameters<typeof failure>): { readonly failure: Failure } {
  return { failure: failure(...why) };
}

/** Throws the first failure as a StashError. Findings of other levels stop no command. */
export function refuse(findings: readonly Finding[]): void {
  const first = findings.find((finding) => finding.level === 'fail');
  if (first) throw errorOf(first);
}

/** Returns the chosen value, or throws the failure as a StashError. */
export function accept<T>(choice: Choice<T>): T {
  if ('failure' in choice) throw errorOf(choice.failure);
  return choice.value;
}

/** Returns the error of a command that stops at this failure. */
export function errorOf({ kind, message, hint }: Failure): StashError {
  return new StashError(kind, message, { hint });
}
