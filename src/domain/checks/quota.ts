/** Checks that the ResourceQuotas of the namespace have room for one more snapshot of each claim. */
import { persistentVolumeClaims, resourceQuotas } from '#src/api/resources.ts';
import { demandOfSnapshots } from '#src/domain/quota/demand.ts';
import { countsAll, quotaBudget, unreportedUse } from '#src/domain/quota/quota-budget.ts';

import { whereRead, type CheckOfTarget } from './check.ts';
import { whereClaims } from './claims-of-subject.ts';
import { isBound } from './drivers.ts';

export const quota: CheckOfTarget = {
  name: 'quota',
  of: 'target',
  about: 'The ResourceQuotas of the namespace have room for one more snapshot of each claim.',
  lists: [persistentVolumeClaims, resourceQuotas],
  after: ['snapshot-api'],
  find: (facts, subject) =>
    whereClaims(facts, subject, (_, claims) =>
      whereRead(facts.listed(resourceQuotas), (quotas) => {
        const count = claims.filter(isBound).length;
        if (count === 0 || !quotas.some(countsAll)) return [];
        const demand = demandOfSnapshots(count);
        const exceeded = quotaBudget(quotas)('the snapshot', demand);
        if (exceeded.length > 0) return exceeded;
        const unreported = unreportedUse(quotas, demand);
        if (unreported.length > 0)
          return unreported.map((message) => ({ level: 'unknown', message }) as const);
        const snapshots = count === 1 ? 'another snapshot' : `${count} more snapshots`;
        return [{ level: 'ok', message: `resourcequotas have room for ${snapshots}` }];
      }),
    ),
};
