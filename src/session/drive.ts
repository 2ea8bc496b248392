/** Observe -> decide -> apply, repeated until done: the same for both kinds of session. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import type { Loop } from '#src/cluster/loop.ts';
import type { Observed } from '#src/cluster/observe.ts';
import { describe, type Progress, type Verdict } from '#src/domain/progress.ts';
import type { Step } from '#src/domain/step.ts';
import { assertNever, isStashError, type StashError } from '#src/errors.ts';

import type { Held } from './held.ts';
import { forEachBounded } from './persist.ts';

/** So many creations are under way at once. */
const createsInFlight = 32;

export interface Routine<S extends BackupSession | RestoreSession, Item> {
  readonly loop: Loop;
  readonly held: Held<S>;
  /** What the session makes; nothing is made before it is known what was made already. */
  readonly made: Observed<KubernetesObject>;
  /** What stands now, and what follows from it. */
  readonly look: () => { readonly progress: Progress; readonly step: Step<S['status'], Item> };
  readonly create: (item: Item) => Promise<void>;
  readonly onChange: (progress: Progress) => void;
}

/** Resolves with the state in which nothing is left to do. */
export async function drive<S extends BackupSession | RestoreSession, Item>(
  routine: Routine<S, Item>,
): Promise<Progress> {
  const { loop, held, made } = routine;
  held.trouble.onChange(loop.ring);
  let synced = false;
  for (;;) {
    const failure = made.failure();
    if (failure) throw failure;
    const { progress, step } = routine.look();
    if (step.do !== 'start' && !synced) {
      await loop.race(made.synced);
      synced = true;
      continue;
    }
    routine.onChange(progress);
    switch (step.do) {
      case 'start':
        await loop.race(held.writeStatus(step.status));
        break;
      case 'finish':
        try {
          await loop.race(held.writeStatus(step.status, progress.deadline));
        } catch (error) {
          if (!isStashError(error, 'unreachable', 'server')) throw error;
          return { ...progress, verdict: unwritten(progress, error) };
        }
        break;
      case 'create':
        await loop.race(forEachBounded(step.items, createsInFlight, routine.create));
        break;
      case 'wait':
        await loop.wait(step.until);
        break;
      case 'done':
        return progress;
      default:
        assertNever(step);
    }
  }
}

/** The session's own status says less than this: whoever goes on with it ends it. */
function unwritten({ claims }: Progress, { message }: StashError): Verdict {
  const waiting = claims.filter(({ phase }) => phase !== 'Succeeded');
  const state = waiting.length === 0 ? 'all is done' : describe(waiting);
  return {
    outcome: 'timed-out',
    message: `its deadline has passed and its end could not be written: ${message}; ${state}`,
  };
}
