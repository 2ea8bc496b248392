/** Deletes the snapshots that a retention policy no longer keeps, after a session that succeeded. */
import type { Stored } from '#src/api/kubernetes.ts';
import { label } from '#src/api/labels.ts';
import { restoreSessions, volumeSnapshots } from '#src/api/resources.ts';
import type { BackupSession, RetentionPolicy } from '#src/api/stash.ts';
import { labelValue } from '#src/domain/workload/names.ts';
import { namesInUse } from '#src/domain/restore-points/snapshots-to-restore.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { planRetention, snapshotsOf, type Invoker, type Line } from '#src/domain/retention/retention.ts';
import { prunes, retentionProblem } from '#src/domain/retention/retention-rules.ts';
import { tellRetention } from '#src/domain/retention/tidy-conditions.ts';
import { isStashError } from '#src/errors.ts';

import { deleteEach, untilTrouble } from './delete-each.ts';
import type { HoldEnvironment } from '#src/session/holding/held.ts';
import { persist } from '#src/session/persist.ts';

export interface Retained {
  /** Names of the deleted snapshots. */
  readonly deleted: readonly string[];
  /** One line that begins with the policy's name and says what was deleted, or why nothing was. */
  readonly message: string;
  readonly done: boolean;
}

/**
 * Deletes only restore points of `line`, and no snapshot that a session is going to restore. Reads the snapshots right
 * before it deletes the first one. Deletes none if the restore point of `session` is no longer complete. Rejects only
 * with 'interrupted'.
 */
export async function applyRetention(
  environment: HoldEnvironment,
  session: Stored<BackupSession>,
  policy: RetentionPolicy,
  line: Line,
): Promise<Retained> {
  const { cluster, clock, signal } = environment;
  const invoker = invokerOf(session);
  const failed = (why: string, deleted: readonly string[] = []): Retained => {
    const some = deleted.length === 0 ? '' : `; deleted before: ${deleted.join(', ')}`;
    return { deleted, message: `${policy.name}: ${why}${some}`, done: false };
  };
  const problem = retentionProblem(policy);
  if (problem !== undefined) return failed(problem);

  const labelSelector = `${label.invokerName}=${labelValue(invoker.name)}`;
  const scope = { namespace: invoker.namespace, labelSelector };
  const until = untilTrouble(clock.now());
  try {
    const { items } = await persist(environment, () => cluster.list(volumeSnapshots, scope), { until });
    const planned = (inUse: ReadonlySet<string>) =>
      planRetention(invoker, items, policy, { line, now: clock.now(), inUse });
    let plan = planned(new Set());
    if (plan.go.length > 0) {
      const look = () => cluster.list(restoreSessions, { namespace: invoker.namespace });
      const { items: sessions } = await persist(environment, look, { until });
      plan = planned(namesInUse(items, sessions));
    }
    const toDelete = plan.go.map(({ snapshot }) => snapshot).reverse();
    if (toDelete.length === 0 || !prunes(policy)) {
      return { deleted: [], message: tellRetention(policy, plan), done: true };
    }
    const { name, uid } = session.metadata;
    const own = restorePoints(snapshotsOf(invoker, items), []).find(({ sessionUid }) => sessionUid === uid);
    if (own?.completeness !== 'complete') {
      return failed(`the restore point of ${name} is no longer complete: nothing is deleted`);
    }
    const { deleted, failure } = await deleteEach(environment, volumeSnapshots, toDelete);
    if (failure) return failed(failure.message, deleted);
    return { deleted, message: tellRetention(policy, plan), done: true };
  } catch (error) {
    if (!isStashError(error) || signal.aborted) throw error;
    return failed(error.message);
  }
}

export function invokerOf({ metadata, spec }: Stored<BackupSession>): Invoker {
  return { name: spec.invoker.name, namespace: metadata.namespace ?? '' };
}
