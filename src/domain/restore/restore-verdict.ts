/** Judges a RestoreSession that has ended by its status and its claims. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { conditionWords } from '#src/domain/condition-words.ts';

import { restoreHookState } from './decide-restore.ts';
import { inWords } from '#src/domain/restore-points/source-claim.ts';
import { hookFailure } from '#src/domain/hooks/hook-step.ts';
import { describe, type ClaimProgress, type Verdict } from '#src/domain/session/progress.ts';
import { isDeadlineExceeded, tellsFailure } from '#src/domain/session/session-status.ts';

/**
 * The claims count more than the session's phase: in an Unknown session, the claims that a pod uses by now may still
 * become bound. Returns undefined if there is still something to wait for.
 */
export function restoreVerdict(
  session: Stored<RestoreSession>,
  claims: readonly ClaimProgress[],
): Verdict | undefined {
  const phase = session.status?.phase;
  if (phase === 'Failed' || phase === 'Invalid') {
    return { outcome: isDeadlineExceeded(session) ? 'timed-out' : 'failed', ...failure(session, claims) };
  }
  // An operator may write Succeeded even if it found nothing to restore. If the status lists a claim, this process may
  // not have observed the claim yet.
  const tellsOfNone = phase === 'Succeeded' && (session.status?.stats ?? []).length === 0;
  if (claims.length === 0 || (tellsOfNone && claims.every((claim) => claim.phase === 'Pending'))) {
    return { outcome: 'failed', message: `its phase is ${phase ?? 'empty'}, but no claim was restored` };
  }
  const failed = claims.filter((claim) => claim.phase === 'Failed');
  if (failed.length > 0) return { outcome: 'failed', message: describe(failed) };
  if (claims.some((claim) => claim.phase === 'Running' || claim.phase === 'Pending')) return undefined;
  const waiting = claims.filter((claim) => claim.phase === 'Unknown');
  if (waiting.length > 0) return { outcome: 'waiting-for-consumer', message: describe(waiting) };
  return {
    outcome: 'succeeded',
    message: `${claims.length === 1 ? 'its claim is bound' : `all ${claims.length} claims are bound`}: ${inWords(claims.map(({ claim }) => claim))}`,
  };
}

/** `culprit` is the session itself if its conditions say more than its claims. */
function failure(
  session: Stored<RestoreSession>,
  claims: readonly ClaimProgress[],
): Pick<Verdict, 'message' | 'culprit'> {
  const culprit = `restoresession/${session.metadata.name}`;
  const failed = claims.filter(({ phase }) => phase === 'Failed');
  const hooks = restoreHookState(session);
  const failedHook = hookFailure(hooks);
  if (failedHook !== undefined) {
    const others = hooks.pre?.status === 'False' || failed.length === 0 ? '' : `; ${describe(failed)}`;
    return { message: `${failedHook}${others}`, culprit };
  }
  if (failed.length > 0) return { message: describe(failed) };
  const withError = session.status?.stats?.find(({ error }) => error !== undefined);
  if (withError?.error !== undefined)
    return { message: `${withError.hostname ?? 'a claim'}: ${withError.error}` };
  const condition = session.status?.conditions?.find(tellsFailure);
  return {
    message: conditionWords(condition) ?? 'no reason is given in its status',
    culprit,
  };
}
