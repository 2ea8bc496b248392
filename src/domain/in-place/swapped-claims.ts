/** Computes the progress of the claims of a restore in place from the conditions of its session. */
import { stashCondition } from '#src/api/conditions.ts';
import type { Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import type { ClaimProgress } from '#src/domain/session/progress.ts';
import { createdAt, findCondition, isFinal } from '#src/domain/session/session-status.ts';

import { readRecord } from './record.ts';

const { claimsStaged, workloadStopped, claimsSwapped, restoreCompleted } = stashCondition;

/** The last step comes first. */
const steps = [
  [claimsSwapped.type, 'swapped'],
  [workloadStopped.type, 'the workload is stopped'],
  [claimsStaged.type, 'its new volume is bound'],
] as const;

/** Returns one row for each live claim, and none if the record cannot be read. */
export function swappedClaims(session: Stored<RestoreSession>): ClaimProgress[] {
  const isTrue = (type: (typeof steps)[number][0] | 'RestoreCompleted') =>
    findCondition(session, type)?.status === 'True';
  const [, message] = steps.find(([type]) => isTrue(type)) ?? ['', 'its new volume is being restored'];
  const startedAt = createdAt(session);
  return (readRecord(session)?.claims ?? []).map(({ name: claim }) => {
    if (!isFinal(session)) return { claim, phase: 'Running', message, startedAt };
    return { claim, phase: isTrue(restoreCompleted.type) ? 'Succeeded' : 'Failed', startedAt };
  });
}
