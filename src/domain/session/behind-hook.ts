/** Writes into the row of a claim without an object that it waits for the session's pre hook. */
import type { HookNames, HookState } from '#src/domain/hooks/hook-step.ts';
import type { ClaimProgress } from './progress.ts';

/** Returns the row, with that message while the hook runs. Call it only for an unfinished session with a pre hook. */
export function behindHook(
  row: ClaimProgress,
  { pre, post }: HookState,
  { pre: hook }: HookNames,
): ClaimProgress {
  if (row.phase !== 'Pending' || pre !== undefined || post !== undefined) return row;
  return { ...row, message: `waiting for the ${hook} hook to end` };
}
