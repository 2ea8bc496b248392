/** Whether the newest complete restore point could be restored beside the present claims. */
import { resourceQuotas, storageClasses, volumeSnapshots } from '#src/api/resources.ts';
import { demandOfClaims } from '#src/domain/quota/demand.ts';
import { countsAll, quotaBudget, unreportedUse } from '#src/domain/quota/quota-budget.ts';

import { whereRead, type CheckOfTarget } from './check.ts';
import { asWarnings, whereRestorable } from './restorable.ts';

export const restoreQuota: CheckOfTarget = {
  name: 'restore-quota',
  of: 'target',
  about:
    'The ResourceQuotas of the namespace have room for the claims of the newest complete restore point beside the present ones: number, size, and both by storage class.',
  lists: [volumeSnapshots, resourceQuotas, storageClasses],
  after: ['snapshot-api', 'storage-classes'],
  find: (facts, subject) =>
    whereRestorable(facts, subject, ({ templates }) =>
      whereRead(facts.listed(resourceQuotas), (quotas) => {
        if (!quotas.some(countsAll)) return [];
        const classes = facts.listed(storageClasses);
        const demand = demandOfClaims(templates, 'value' in classes ? classes.value : undefined);
        const exceeded = quotaBudget(quotas)('a restore beside the claims', demand);
        if (exceeded.length > 0) return asWarnings(exceeded);
        const unreported = unreportedUse(quotas, demand);
        if (unreported.length > 0)
          return unreported.map((message) => ({ level: 'unknown', message }) as const);
        return [{ level: 'ok', message: 'resourcequotas have room for a restore beside the claims' }];
      }),
    ),
};
