/** A claim for which nothing can be made before the session's first hook has ended says so. */
import type { HookNames, HookState } from '#src/domain/hooks/hook-step.ts';
import type { ClaimProgress } from './progress.ts';

/** For a session that has such a hook and has not ended. */
export function behindHook(
  row: ClaimProgress,
  { pre, post }: HookState,
  { pre: hook }: HookNames,
): ClaimProgress {
  if (row.phase !== 'Pending' || pre !== undefined || post !== undefined) return row;
  return { ...row, message: `waiting for the ${hook} hook to end` };
}
