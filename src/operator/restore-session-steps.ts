/** What is done for a RestoreSession, one function for each thing that can be decided. */
import type { Condition, Stored } from '#src/api/kubernetes.ts';
import { clusterRole } from '#src/api/operator.ts';
import { restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import { buildJobRights } from '#src/domain/operator/build-job-rights.ts';
import { buildRestoreJob } from '#src/domain/operator/build-session-job.ts';
import {
  timeoutOfRestore,
  type RestoreSessionAction,
  type RestoreSessionWorld,
} from '#src/domain/operator/decide-restore-session.ts';
import { invalidRestore, type RestoreStatus } from '#src/domain/operator/end-session.ts';
import { createdAt, isFinal, withCondition } from '#src/domain/session/session-status.ts';
import { assertNever } from '#src/errors.ts';
import { carryOutRestore } from '#src/session/carry-out-restore.ts';
import { endRestore } from '#src/session/end-restore.ts';

import { changeStatus } from './change-session.ts';
import { ensureJobRights } from './job-rights.ts';
import { sessionSteps, type SessionDesk } from './session-steps.ts';
import type { Then } from './stepwise.ts';
import type { World } from './world.ts';

export function restoreSteps(
  world: World,
  desk: SessionDesk,
): (seen: RestoreSessionWorld, action: RestoreSessionAction, signal: AbortSignal) => Promise<Then> {
  const { cluster, clock, caches, options, id } = world;
  const kept = { resource: restoreSessions, cache: caches.restoreSessions };
  const steps = sessionSteps<RestoreSession, RestoreSessionWorld>(world, kept, desk, {
    kind: 'Restore',
    async prepareJob({ session }) {
      await ensureJobRights(cluster, buildJobRights(session, [clusterRole.restorer]));
      return buildRestoreJob(session, options);
    },
    mark: (present, condition) => withPending(present, condition, clock.now()),
    carryOut: (environment, session, replacing) =>
      carryOutRestore(environment, { session, id, replacing, held: 'leave' }),
    thaw: (environment, { why, replacing }, { session }) =>
      endRestore(environment, { session, id, end: { how: 'disrupted', why }, replacing }),
    end: (environment, how, { session }) => endRestore(environment, { session, id, ...how }),
  });

  const invalidate = async ({ session, now }: RestoreSessionWorld, why: string): Promise<Then> => {
    await changeStatus(world, kept, session, (present) =>
      isFinal(present) || readHolder(present) ? undefined : invalidRestore(present, why, now)(present.status),
    );
    return 'again';
  };

  return async (seen, action, signal) => {
    const { session } = seen;
    switch (action.do) {
      case 'ignore':
        if (action.why !== undefined) steps.tell(session, 'Warning', 'Ignored', action.why);
        return undefined;
      case 'invalid':
        return await invalidate(seen, action.why);
      case 'tell-target': {
        const { status, reason, message } = action.sighting;
        await steps.tellCondition(seen, action.sighting);
        if (status !== 'True') steps.tell(session, 'Warning', reason, message);
        return 'again';
      }
      case 'wait':
      case 'ensure-job':
      case 'run':
      case 'give-back':
      case 'thaw':
      case 'stop-executor':
      case 'end':
        return await steps.apply(seen, action, signal);
      default:
        return assertNever(action);
    }
  };
}

/** Pending, where it has not begun. */
function withPending(
  present: Stored<RestoreSession>,
  condition: Omit<Condition, 'lastTransitionTime'>,
  now: Date,
): RestoreStatus {
  const { status } = present;
  const deadline = new Date(createdAt(present).getTime() + timeoutOfRestore(present));
  return {
    ...status,
    phase: status?.phase ?? 'Pending',
    sessionDeadline: status?.sessionDeadline ?? deadline.toISOString(),
    conditions: withCondition(status?.conditions, condition, now),
  };
}
