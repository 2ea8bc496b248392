/** Finds the claims that a snapshot of the subject contains. */
import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims } from '#src/api/resources.ts';
import type { Finding } from '#src/domain/finding.ts';
import { claimsOfTarget } from '#src/domain/workload/claims.ts';

import { whereRead, type Facts, type Subject } from './check.ts';

/**
 * Returns the findings about the names of the claims and about the claims that exist; none if the target does not
 * exist. A check that uses this must list persistentVolumeClaims.
 */
export function whereClaims(
  facts: Facts,
  subject: Subject,
  find: (names: readonly string[], existing: readonly Stored<PersistentVolumeClaim>[]) => Finding[],
): Finding[] {
  return whereRead(subject.object, (object) =>
    object === undefined
      ? []
      : whereRead(subject.pods, (pods) =>
          whereRead(facts.listed(persistentVolumeClaims), (claims) => {
            const replicas = subject.configuration?.spec.target?.replicas;
            const of = claimsOfTarget(object, { claims, pods, replicas });
            if ('failure' in of) return [of.failure];
            const names = of.value.map(({ name }) => name);
            const wanted = new Set(names);
            return find(
              names,
              claims.filter(({ metadata }) => wanted.has(metadata.name)),
            );
          }),
        ),
  );
}
