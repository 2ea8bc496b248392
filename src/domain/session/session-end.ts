/** Why a session is ended before its executor has finished it. */

export interface SessionEnd {
  /** `late`: past its deadline; `not-ensured`: the operator could not provide an executor. */
  readonly how: 'disrupted' | 'late' | 'not-ensured';
  /** One line. */
  readonly why: string;
}

/** Why the unfinished claims have failed; undefined: because of the deadline. */
export function disruptionOf(end: SessionEnd | undefined): string | undefined {
  return end === undefined || end.how === 'late' ? undefined : end.why;
}

/** What to add to the words about a deadline that has passed. */
export function latenessOf(end: SessionEnd | undefined): string | undefined {
  return end?.how === 'late' ? end.why : undefined;
}
