/** Checks the user's rights for a whole installation before the first write. */
import { refusedRights, type PlacedRight } from '#src/cluster/access.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { formatRight } from '#src/domain/rights.ts';
import { StashError } from '#src/errors.ts';

/** Rejects with 'forbidden' if `user` (named for the message) lacks one of them; the hint is the caller's. */
export async function demandRights(
  cluster: Cluster,
  user: string,
  rights: readonly PlacedRight[],
  hint: string,
): Promise<void> {
  const distinct = [...new Map(rights.map((right) => [describeRight(right), right])).values()];
  const missing = await refusedRights(cluster, distinct);
  if (missing.length === 0) return;
  throw new StashError('forbidden', `user "${user}" may not ${missing.map(describeRight).join(', ')}`, {
    hint,
  });
}

function describeRight(right: PlacedRight): string {
  const where = right.namespace === undefined ? '' : ` in namespace ${right.namespace}`;
  return `${formatRight(right)}${where}`;
}
