/** Whether someone may do all that an installation writes, before the first of it is written. */
import { refusedRights, type PlacedRight } from '#src/cluster/access.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { formatRight } from '#src/domain/rights.ts';
import { StashError } from '#src/errors.ts';

/** Rejects with 'forbidden' where `user` (named for the message) lacks one of them; the hint is the caller's. */
export async function demandRights(
  cluster: Cluster,
  user: string,
  rights: readonly PlacedRight[],
  hint: string,
): Promise<void> {
  const distinct = [...new Map(rights.map((right) => [words(right), right])).values()];
  const missing = await refusedRights(cluster, distinct);
  if (missing.length === 0) return;
  throw new StashError('forbidden', `user "${user}" may not ${missing.map(words).join(', ')}`, { hint });
}

function words(right: PlacedRight): string {
  const where = right.namespace === undefined ? '' : ` in namespace ${right.namespace}`;
  return `${formatRight(right)}${where}`;
}
