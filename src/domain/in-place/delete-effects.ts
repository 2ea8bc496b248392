/** Says why a user should not delete a restore in place before it has ended. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import type { DeleteEffects } from '#src/domain/restore-points/delete-effects.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import { StashError } from '#src/errors.ts';

import { hintOf, waysOn } from './ways-on.ts';

/** The session is unfinished. */
export function unfinishedSwapEffects(session: Stored<RestoreSession>): DeleteEffects {
  const { name } = session.metadata;
  const holder = readHolder(session);
  const by = holder === undefined ? '' : `, carried out by ${holder.id}`;
  const error = new StashError(
    'precondition',
    `restoresession/${name} restores in place and is unfinished${by}: without it, the workload may stay stopped`,
    { hint: `${hintOf(waysOn(session))}\nor add --force` },
  );
  return { notes: [], refusals: [], unlessForced: [error] };
}
