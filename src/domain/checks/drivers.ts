/** Whether a CSI driver serves the volume of each claim. */
import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims, volumeSnapshotClasses } from '#src/api/resources.ts';
import { annotatedDriver, driverOf } from '#src/domain/backup/snapshot-class.ts';
import { failure, type Choice, type Failure } from '#src/domain/finding.ts';

import { whereRead, type CheckOfTarget, type Facts, type Read } from './check.ts';
import { whereClaims } from './claims-of-subject.ts';

/** So many claims are told of one by one. */
const mostTold = 3;

export const drivers: CheckOfTarget = {
  name: 'drivers',
  of: 'target',
  lists: [persistentVolumeClaims, volumeSnapshotClasses],
  find: (facts, subject) =>
    whereClaims(facts, subject, (_, claims) => {
      const bound = claims.filter(isBound);
      if (bound.length === 0) return [];
      const read = bound.map((claim) => driverOfClaim(facts, claim));
      const unread = read.find((each) => !('value' in each));
      if (unread) return whereRead(unread, () => []);
      const choices = read.flatMap((each) => ('value' in each ? [each.value] : []));
      const failures = choices.flatMap((choice) => ('failure' in choice ? [choice.failure] : []));
      if (failures.length > 0) return few(failures);
      const names = new Set(choices.flatMap((choice) => ('value' in choice ? [choice.value] : [])));
      return [{ level: 'ok', message: `driver ${[...names].join(', ')} serves the claims` }];
    }),
};

export function isBound({ status }: PersistentVolumeClaim): boolean {
  return status?.phase === 'Bound';
}

/** As a snapshot of the claim would find it. The check that uses this lists volumeSnapshotClasses. */
export function driverOfClaim(
  { listed, volumes }: Facts,
  claim: Stored<PersistentVolumeClaim>,
): Read<Choice<string>> {
  const classes = listed(volumeSnapshotClasses);
  const annotated = 'value' in classes ? annotatedDriver(claim, classes.value) : undefined;
  if (annotated !== undefined) return { value: { value: annotated } };
  return 'value' in volumes
    ? { value: driverOf(claim, volumes.value.get(claim.spec.volumeName ?? '')) }
    : volumes;
}

function few(failures: readonly Failure[]): Failure[] {
  const rest = failures.length - mostTold;
  if (rest <= 0) return [...failures];
  return [
    ...failures.slice(0, mostTold),
    failure('precondition', `the volumes of ${rest} more claims have no CSI driver`),
  ];
}
