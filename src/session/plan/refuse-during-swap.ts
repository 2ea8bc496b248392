/** Refuses a snapshot of a workload while a restore in place swaps its claims. */
import { refuse } from '#src/domain/finding.ts';
import { refuseDuringSwap } from '#src/domain/in-place/unfinished-swap.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { isStashError } from '#src/errors.ts';

import type { NamespaceReader } from './namespace-reader.ts';

/** Rejects with 'precondition'. Refuses nothing if the user may not list RestoreSessions. */
export async function checkNoSwap(
  { restoreSessions }: Pick<NamespaceReader, 'restoreSessions'>,
  target: Target,
): Promise<void> {
  const sessions = await restoreSessions().catch((error: unknown) => {
    // 'precondition': the API server does not serve the kind.
    if (isStashError(error, 'forbidden', 'precondition')) return [];
    throw error;
  });
  refuse(refuseDuringSwap(target, sessions));
}
