/** Why a session ends that its executor did not bring to its end. */

export interface SessionEnd {
  /** `late`: past its deadline; `not-ensured`: it cannot have an executor. */
  readonly how: 'disrupted' | 'late' | 'not-ensured';
  /** One line, for people. */
  readonly why: string;
}

/** Why whatever is unfinished has failed; undefined: its deadline says so. */
export function disruptionOf(end: SessionEnd | undefined): string | undefined {
  return end === undefined || end.how === 'late' ? undefined : end.why;
}

/** What to add to the words about a deadline that has passed. */
export function latenessOf(end: SessionEnd | undefined): string | undefined {
  return end?.how === 'late' ? end.why : undefined;
}
