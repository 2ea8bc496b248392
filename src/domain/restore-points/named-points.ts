/** Finds restore points by the name that `list` prints. */
import { commandLine } from '#src/domain/command-line.ts';
import { noChoice, type Choice } from '#src/domain/finding.ts';
import { nearest } from '#src/domain/nearest.ts';

import { isNamed, nameIn } from './named-point.ts';
import type { RestorePoint } from './restore-points.ts';

/**
 * Returns the restore points of a session, or of a snapshot as `list -o name` prints it, one for each target. Returns a
 * failure 'not-found' if there is none.
 */
export function pointsNamed(
  points: readonly RestorePoint[],
  session: string,
  namespace: string,
): Choice<readonly RestorePoint[]> {
  const value = points.filter((point) => isNamed(point, session));
  if (value.length > 0) return { value };
  const near = nearest(
    nameIn(session),
    points.map((point) => point.session),
  );
  return noChoice('not-found', `no restore point ${session} in namespace ${namespace}`, {
    hint: near === undefined ? commandLine`kubectl stash list -n ${namespace}` : `did you mean ${near}?`,
  });
}
