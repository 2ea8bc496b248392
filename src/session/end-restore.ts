/** Ends a RestoreSession that nobody carries out any more. */
import type { Stored } from '#src/api/kubernetes.ts';
import { restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { parseDuration } from '#src/domain/duration.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import type { Holder } from '#src/domain/session/holder.ts';
import { failedRestore, type SessionEnd } from '#src/domain/operator/end-session.ts';
import { defaultTimeoutMs, isFinal } from '#src/domain/session/session-status.ts';
import { readTarget } from '#src/domain/workload/target.ts';
import { isStashError } from '#src/errors.ts';

import type { Environment } from './environment.ts';
import type { Held } from './held.ts';
import { hold } from './hold.ts';
import { runRestore } from './restore.ts';
import { isPassing } from './standing-error.ts';

export interface EndRestore {
  readonly session: Stored<RestoreSession>;
  readonly id: string;
  readonly end: SessionEnd;
  readonly replacing: Holder | undefined;
}

/** Resolves with the ended session; undefined: somebody else has it, or had ended it before. */
export async function endRestore(
  environment: Environment,
  { session: seen, id, end, replacing }: EndRestore,
): Promise<Stored<RestoreSession> | undefined> {
  const held = await hold(environment, restoreSessions, seen, id, replacing);
  if (held === undefined) return undefined;
  try {
    await endHeldRestore(environment, held, end);
    return held.session();
  } finally {
    await held.release();
  }
}

/** The same for whoever holds it already. */
export async function endHeldRestore(
  environment: Environment,
  held: Held<RestoreSession>,
  end: SessionEnd,
): Promise<void> {
  const session = held.session();
  const timeoutMs = parseDuration(session.spec.timeOut ?? '') ?? defaultTimeoutMs;
  const templates = templatesOf(session);
  // Before it ran, nothing was quiesced and nothing made.
  if (session.status?.phase === 'Running' && templates.length > 0) {
    const { namespace = '' } = session.metadata;
    const target = readTarget(session);
    try {
      await runRestore(environment, {
        ...{ held, target, namespace, templates, timeoutMs },
        waitForConsumer: undefined,
        disrupted: end.why,
      });
    } catch (error) {
      if (isPassing(error) || held.lost.aborted) throw error;
    }
  }
  const phase = held.session().status?.phase;
  if (!isFinal(held.session()) || (phase === 'Failed' && end.how === 'late')) {
    const now = environment.clock.now();
    await held.writeStatus(failedRestore(session, { end, timeoutMs, now }));
  }
}

/** None where they make no sense. */
function templatesOf(session: RestoreSession): VolumeClaimTemplate[] {
  try {
    return expandTemplates(session);
  } catch (error) {
    if (isStashError(error, 'invalid')) return [];
    throw error;
  }
}
