/** Carries out the actions that only a RestoreSession has. */
import { restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { deleteSame } from '#src/cluster/delete-same.ts';
import { find } from '#src/cluster/find.ts';
import { isAbandoned } from '#src/domain/session/file-session.ts';
import type { SwapNews } from '#src/domain/in-place/interrupted.ts';
import type { ExecutorAction } from '#src/domain/operator/decide-executor.ts';
import type {
  RestoreSessionAction,
  RestoreSessionWorld,
} from '#src/domain/operator/decide-restore-session.ts';
import { invalidRestore } from '#src/domain/session/end-status.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import { findCondition, isFinal, withCondition } from '#src/domain/session/session-status.ts';
import { assertNever } from '#src/errors.ts';
import type { RestoreExecution } from '#src/session/kinds/restore.ts';

import { changeStatus, type Kept } from './change-session.ts';
import type { OperatedKind } from './session-kind.ts';
import type { Then } from './stepwise.ts';
import type { World } from './world.ts';

type Own = Exclude<RestoreSessionAction, ExecutorAction>;
type Restores = OperatedKind<RestoreSession, RestoreExecution, RestoreSessionWorld, Own>;

export function restoreSteps(world: World, kept: Kept<RestoreSession>): Restores['apply'] {
  const invalidate = async ({ session, now }: RestoreSessionWorld, why: string): Promise<Then> => {
    await changeStatus(world, kept, session, (present) =>
      isFinal(present) || readHolder(present) ? undefined : invalidRestore(present, why, now)(present.status),
    );
    return 'again';
  };

  /** Writes nothing if the session has changed since it was seen: its command line may have renewed its hold. */
  const tellSwap = async ({ session, now }: RestoreSessionWorld, news: SwapNews): Promise<Then> => {
    const { type, status, reason, message } = news;
    const conditions = withCondition(session.status?.conditions, news, now);
    const changed = await changeStatus(world, kept, session, (present) =>
      present === session ? { ...session.status, conditions } : undefined,
    );
    if (findCondition(changed, type)?.message === message) {
      world.event(kept.resource, session, status === 'True' ? 'Warning' : 'Normal', reason, message);
    }
    return 'again';
  };

  /** Its command may have extended the deadline since the session was seen. */
  const removeFiles = async ({ session, now }: RestoreSessionWorld): Promise<Then> => {
    const { name, namespace, uid } = session.metadata;
    const present = await find(world.cluster, restoreSessions, { name, namespace });
    if (present?.metadata.uid !== uid || !isAbandoned(present, now)) {
      if (present) kept.cache.learn(present);
      return present ? 'again' : undefined;
    }
    const message = 'its command has died: deleting it, with its claim and its pod';
    world.event(kept.resource, session, 'Normal', 'FilesRemoved', message);
    await deleteSame(world.cluster, restoreSessions, session, { propagation: 'Background' });
    return undefined;
  };

  return async (seen, action, { steps }) => {
    const { session } = seen;
    switch (action.do) {
      case 'ignore':
        if (action.why !== undefined) steps.tell(session, 'Warning', 'Ignored', action.why);
        return undefined;
      case 'invalid':
        return await invalidate(seen, action.why);
      case 'remove-files':
        return await removeFiles(seen);
      case 'tell-target': {
        const { status, reason, message } = action.sighting;
        await steps.tellCondition(seen, action.sighting);
        if (status !== 'True') steps.tell(session, 'Warning', reason, message);
        return 'again';
      }
      case 'tell-swap':
        return await tellSwap(seen, action.news);
      case 'tell-stalled':
        steps.tell(session, 'Warning', 'RestoreWaiting', action.message);
        return undefined;
      default:
        return assertNever(action);
    }
  };
}
