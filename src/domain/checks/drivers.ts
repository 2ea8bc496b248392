/** Whether a CSI driver serves the volume of each claim. */
import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims, persistentVolumes, volumeSnapshotClasses } from '#src/api/resources.ts';
import { annotatedDriver, driverOf } from '#src/domain/backup/snapshot-class.ts';
import type { Choice } from '#src/domain/finding.ts';

import { whereRead, type CheckOfTarget, type Facts, type Read } from './check.ts';
import { whereClaims } from './claims-of-subject.ts';
import { fewOf } from './few.ts';

export const drivers: CheckOfTarget = {
  name: 'drivers',
  of: 'target',
  about:
    'The volume of each claim is a CSI volume. PersistentVolumes are read where the annotation of a claim does not name its driver, and for node-local.',
  lists: [persistentVolumeClaims, volumeSnapshotClasses],
  rights: [{ verb: 'list', resource: persistentVolumes }],
  find: (facts, subject) =>
    whereClaims(facts, subject, (_, claims) => {
      const bound = claims.filter(isBound);
      if (bound.length === 0) return [];
      const read = bound.map((claim) => driverOfClaim(facts, claim));
      const unread = read.find((each) => !('value' in each));
      if (unread) return whereRead(unread, () => []);
      const choices = read.flatMap((each) => ('value' in each ? [each.value] : []));
      const failures = choices.flatMap((choice) => ('failure' in choice ? [choice.failure] : []));
      if (failures.length > 0) {
        return fewOf(failures, (rest) => `the volumes of ${rest} more claims have no CSI driver`);
      }
      const names = new Set(choices.flatMap((choice) => ('value' in choice ? [choice.value] : [])));
      return [{ level: 'ok', message: `driver ${[...names].join(', ')} serves the claims` }];
    }),
};

export function isBound({ status }: PersistentVolumeClaim): boolean {
  return status?.phase === 'Bound';
}

/** As a snapshot of the claim would find it. The check that uses this lists volumeSnapshotClasses. */
export function driverOfClaim(
  { listed, volumes }: Pick<Facts, 'listed' | 'volumes'>,
  claim: Stored<PersistentVolumeClaim>,
): Read<Choice<string>> {
  const classes = listed(volumeSnapshotClasses);
  const annotated = 'value' in classes ? annotatedDriver(claim, classes.value) : undefined;
  if (annotated !== undefined) return { value: { value: annotated } };
  return 'value' in volumes
    ? { value: driverOf(claim, volumes.value.get(claim.spec.volumeName ?? '')) }
    : volumes;
}

/** The bound claims whose driver is known, by driver. */
export function claimsByDriver(
  facts: Pick<Facts, 'listed' | 'volumes'>,
  claims: readonly Stored<PersistentVolumeClaim>[],
): ReadonlyMap<string, readonly Stored<PersistentVolumeClaim>[]> {
  const byDriver = new Map<string, Stored<PersistentVolumeClaim>[]>();
  for (const claim of claims.filter(isBound)) {
    const read = driverOfClaim(facts, claim);
    if (!('value' in read && 'value' in read.value)) continue;
    const driver = read.value.value;
    byDriver.set(driver, [...(byDriver.get(driver) ?? []), claim]);
  }
  return byDriver;
}
