/** What is done for a RestoreSession, one function for each thing that can be decided. */
import type { RestoreSession } from '#src/api/stash.ts';
import type { ExecutorAction } from '#src/domain/operator/decide-executor.ts';
import type {
  RestoreSessionAction,
  RestoreSessionWorld,
} from '#src/domain/operator/decide-restore-session.ts';
import { invalidRestore } from '#src/domain/session/end-status.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
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

  return async (seen, action, { steps }) => {
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
      default:
        return assertNever(action);
    }
  };
}
