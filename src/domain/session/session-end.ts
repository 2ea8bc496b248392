/** Why a program ends a session before its executor has finished it. */

export interface SessionEnd {
  /** `late`: past its deadline; `not-ensured`: the operator could not provide an executor. */
  readonly how: 'disrupted' | 'late' | 'not-ensured';
  /** One line. */
  readonly why: string;
}

/** Returns why the unfinished claims have failed. Undefined if because of the deadline. */
export function disruptionOf(end: SessionEnd | undefined): string | undefined {
  return end === undefined || end.how === 'late' ? undefined : end.why;
}

/** Returns what to add to a message about a deadline that has passed. */
export function latenessOf(end: SessionEnd | undefined): string | undefined {
  return end?.how === 'late' ? end.why : undefined;
}
