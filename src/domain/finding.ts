/** What a check finds, and the refusal of a command that stops at the first failure. */
import { StashError, type ErrorKind } from '#src/errors.ts';

import type { Right } from './rights.ts';

export type Level = Finding['level'];

interface Words {
  /** One line. */
  readonly message: string;
  /** What to do or to look at; lines that begin with `kubectl` can be pasted. */
  readonly hint?: string | undefined;
  /** The right that is missing. */
  readonly right?: Right | undefined;
  /** A command line that can be pasted, after which the check passes. */
  readonly fix?: string | undefined;
}

/** `unknown`: the user may not read what the check looks at. */
export type Finding = Failure | (Words & { readonly level: 'ok' | 'warn' | 'unknown' });

export interface Failure extends Words {
  readonly level: 'fail';
  /** How a command ends that stops here. */
  readonly kind: ErrorKind;
}

/** What a check settles on, or why there is nothing to settle on. */
export type Choice<T> = { readonly value: T } | { readonly failure: Failure };

export function failure(kind: ErrorKind, message: string, more: Omit<Words, 'message'> = {}): Failure {
  return { level: 'fail', kind, message, ...more };
}

/** Nothing to settle on, and why. */
export function noChoice(...why: Parameters<typeof failure>): { readonly failure: Failure } {
  return { failure: failure(...why) };
}

/** Throws the StashError of the first failure; findings of the other levels stop no command. */
export function refuse(findings: readonly Finding[]): void {
  const first = findings.find((finding) => finding.level === 'fail');
  if (first) throw errorOf(first);
}

/** Throws the StashError of the failure if there is no value. */
export function accept<T>(choice: Choice<T>): T {
  if ('failure' in choice) throw errorOf(choice.failure);
  return choice.value;
}

/** The error with which a command ends that stops here. */
export function errorOf({ kind, message, hint }: Failure): StashError {
  return new StashError(kind, message, { hint });
}
