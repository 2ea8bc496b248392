/** Finds what a restore of the newest complete restore point would create. */
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { latestComplete } from '#src/domain/restore-points/choose-point.ts';
import type { RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { templatesOf } from '#src/domain/restore/restore-templates.ts';
import type { Finding } from '#src/domain/finding.ts';
import { isStashError } from '#src/errors.ts';

import { whereRead, type Facts, type Subject } from './check.ts';

export interface Restorable {
  readonly point: RestorePoint;
  readonly templates: readonly VolumeClaimTemplate[];
  readonly notes: readonly string[];
}

/**
 * Returns the findings about the claims of that restore; none without a complete restore point. If `restore` would
 * refuse, the finding is a warning.
 */
export function whereRestorable(
  { points }: Facts,
  { target }: Subject,
  find: (restorable: Restorable) => Finding[],
): Finding[] {
  return whereRead(points, (all) => {
    const point = latestComplete(all, target);
    if (point === undefined) return [];
    try {
      return find({ point, ...templatesOf(point, { rename: (claim) => claim }) });
    } catch (error) {
      if (!isStashError(error, 'precondition')) throw error;
      return [{ level: 'warn', message: error.message, hint: error.hint }];
    }
  });
}

/** Turns failures into warnings, because they prevent a restore but not a snapshot. */
export function asWarnings(findings: readonly Finding[]): Finding[] {
  return findings.map((finding) => ({ ...finding, level: 'warn' }) as const);
}
