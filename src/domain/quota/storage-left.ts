/** Computes how much storage the quotas of a namespace leave, for a plan to show. */
import type { ResourceQuota, Stored } from '#src/api/kubernetes.ts';
import { parseQuantity } from '#src/domain/quantity.ts';

import { countsAll, type Demand } from './quota-budget.ts';

const storage = 'requests.storage';

/** Returns the bytes that the tightest quota of storage leaves for this demand. Undefined if none limits it. */
export function storageLeft(quotas: readonly Stored<ResourceQuota>[], demand: Demand): bigint | undefined {
  const names = [...demand.keys()].filter((name) => name.endsWith(storage));
  const left = quotas.filter(countsAll).flatMap(({ spec, status }) =>
    names.flatMap((name) => {
      const hard = parseQuantity(spec?.hard?.[name] ?? '');
      const used = parseQuantity(status?.used?.[name] ?? '');
      return hard === undefined || used === undefined ? [] : [hard > used ? hard - used : 0n];
    }),
  );
  return left.length === 0 ? undefined : left.reduce((least, each) => (each < least ? each : least));
}
