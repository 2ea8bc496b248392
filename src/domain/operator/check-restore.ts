/** Validates a RestoreSession before an operator carries it out. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { isObjectName } from '#src/domain/arguments/object-name.ts';
import { quoted } from '#src/domain/quoted.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import { durationProblem } from '#src/domain/spec-limits.ts';
import { isStashError } from '#src/errors.ts';

import { checkRuntimeSettings } from './check-runtime-settings.ts';

/**
 * Returns the reason as one phrase. Undefined if the session is valid. `claimsPerSession` is the most claims that it
 * may have.
 */
export function whyInvalidRestore(
  session: Stored<RestoreSession>,
  claimsPerSession?: number,
): string | undefined {
  const { name = '' } = session.spec.target?.ref ?? {};
  if (name !== '' && !isObjectName(name)) {
    return `spec.target.ref.name ${quoted(name)} cannot be the name of an object`;
  }
  try {
    expandTemplates(session, claimsPerSession);
    const late = durationProblem('spec.timeOut', session.spec.timeOut, 1);
    return late ?? checkRuntimeSettings(session.spec.runtimeSettings)[0];
  } catch (error) {
    if (isStashError(error, 'invalid')) return error.message;
    throw error;
  }
}
