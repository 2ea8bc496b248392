/** Turns an error into a message and an exit code. */
import type { Writable } from 'node:stream';

import { sanitize } from '#src/domain/sanitize.ts';
import { isStashError, StashError } from '#src/errors.ts';

import { printLine } from './print-line.ts';

/**
 * Writes `error: ...` lines, then `hint: ...` with its further lines aligned, so that the user can paste commands line
 * by line or as a block. With `verbosity` 6 or more, it also writes the stack. Returns the exit code.
 */
export function reportError(
  error: unknown,
  { err, signal, verbosity }: { err: Writable; signal: AbortSignal; verbosity: number },
): number {
  const told = toStashError(error, signal);
  const lines = [
    ...told.message.split('\n').map((line) => `error: ${line}`),
    ...(told.hint?.split('\n').map((line, index) => `${index === 0 ? 'hint:' : '     '} ${line}`) ?? []),
  ].map((line) => withoutSecrets(sanitize(line)));
  if (verbosity >= 6) lines.push(...frames(error));
  for (const line of lines) printLine(err, line);
  return told.exitCode;
}

function toStashError(error: unknown, signal: AbortSignal): StashError {
  if (isStashError(error, 'bug')) return asBug(error.message, error);
  if (isStashError(error)) return error;
  if (signal.aborted && error instanceof Error && error.name === 'AbortError') {
    return new StashError('interrupted', 'interrupted');
  }
  return asBug(error instanceof Error ? error.message : String(error), error);
}

function asBug(message: string, cause: unknown): StashError {
  // The HTTP client's message may contain the headers of the response after the first line.
  return new StashError('bug', `internal error: ${message.split('\n', 1).join()}`, {
    cause,
    hint: 'this is a bug in kubectl-stash: run it again with -v=6 and report what it prints',
  });
}

function withoutSecrets(line: string): string {
  return line
    .replace(/\b(authorization["']?\s*[:=]\s*).*/i, '$1***')
    .replace(/\b(bearer\s+)[\w.~+/=-]{16,}/gi, '$1***')
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '***');
}

/** Only names and places: the message of a cause may contain secrets. */
function frames(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const places = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const below = error.cause === undefined ? [] : frames(error.cause);
  return [error.name, ...places, ...(below.length === 0 ? [] : ['caused by:', ...below])];
}
