/** Observe -> decide -> apply, repeated until done: the same for both kinds of session. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import type { Loop } from '#src/cluster/loop.ts';
import type { Observed } from '#src/cluster/observe.ts';
import type { Progress } from '#src/domain/progress.ts';
import type { Step } from '#src/domain/step.ts';
import { assertNever } from '#src/errors.ts';

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
  let synced = false;
  for (;;) {
    const failure = made.failure();
    if (failure) throw failure;
    const { progress, step } = routine.look();
    routine.onChange(progress);
    if (step.do !== 'start' && !synced) {
      await loop.race(made.synced);
      synced = true;
      continue;
    }
    switch (step.do) {
      case 'start':
      case 'finish':
        await loop.race(held.writeStatus(step.status));
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
