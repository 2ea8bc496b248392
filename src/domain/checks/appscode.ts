/** Whether AppsCode's operator, if it runs, can snapshot the target. */
import { appscodeOperatorGroup } from '#src/api/labels.ts';
import { persistentVolumeClaims, volumeSnapshotClasses } from '#src/api/resources.ts';
import { appscodeClass } from '#src/domain/backup/appscode.ts';
import { chooseSnapshotClass } from '#src/domain/backup/snapshot-class.ts';

import { whereRead, type CheckOfTarget } from './check.ts';
import { whereClaims } from './claims-of-subject.ts';
import { driverOfClaim, isBound } from './drivers.ts';

export const appscode: CheckOfTarget = {
  name: 'appscode',
  of: 'target',
  about: "AppsCode's operator, where it runs, would use one snapshot class for all claims, as it demands.",
  after: ['snapshot-api', 'snapshot-classes'],
  lists: [persistentVolumeClaims, volumeSnapshotClasses],
  find: (facts, subject) => {
    if (!facts.groups.includes(appscodeOperatorGroup)) return [];
    const { target, configuration } = subject;
    return whereClaims(facts, subject, (_, claims) =>
      whereRead(facts.listed(volumeSnapshotClasses), (classes) => {
        const planned = claims.filter(isBound).flatMap((claim) => {
          const read = driverOfClaim(facts, claim);
          if (!('value' in read) || 'failure' in read.value) return [];
          const configured = configuration?.spec.target?.snapshotClassName;
          const named = { claim: claim.metadata.name, driver: read.value.value, configured, classes };
          const choice = chooseSnapshotClass(named);
          return 'value' in choice ? [{ claim, snapshotClass: choice.value.metadata.name }] : [];
        });
        if (planned.length === 0) return [];
        const choice = appscodeClass(target, planned, configuration);
        if ('failure' in choice) return [choice.failure];
        return [{ level: 'ok', message: `AppsCode's operator uses class ${choice.value} for all claims` }];
      }),
    );
  },
};
