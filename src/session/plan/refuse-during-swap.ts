/** Refuses a snapshot of a workload whose claims a restore in place swaps. */
import { refuse } from '#src/domain/finding.ts';
import { refuseDuringSwap } from '#src/domain/in-place/unfinished-swap.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { isStashError } from '#src/errors.ts';

import type { NamespaceReader } from './namespace-reader.ts';

/** Rejects with 'precondition'. A user who may not list RestoreSessions takes the snapshot all the same. */
export async function checkNoSwap(
  { restoreSessions }: Pick<NamespaceReader, 'restoreSessions'>,
  target: Target,
): Promise<void> {
  const sessions = await restoreSessions().catch((error: unknown) => {
    // 'precondition': the cluster has no such kind.
    if (isStashError(error, 'forbidden', 'precondition')) return [];
    throw error;
  });
  refuse(refuseDuringSwap(target, sessions));
}
