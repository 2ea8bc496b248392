/** Ends a BackupSession that nobody carries out any more: thaw where that is needed, then say why it failed. */
import type { Stored } from '#src/api/kubernetes.ts';
import { backupSessions } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { targetOfConfiguration } from '#src/domain/configuration/configured-target.ts';
import { parseDuration } from '#src/domain/duration.ts';
import type { Holder } from '#src/domain/session/holder.ts';
import { failedBackup, type SessionEnd } from '#src/domain/operator/end-session.ts';
import { defaultTimeoutMs } from '#src/domain/session/session-status.ts';
import { readSessionClaims } from '#src/domain/restore-points/source-claim.ts';
import { targetApiVersion, type Target } from '#src/domain/target/target.ts';

import { runBackup } from './backup.ts';
import type { Environment } from './environment.ts';
import type { Held } from './held.ts';
import { hold } from './hold.ts';
import { lookAround } from './surroundings.ts';
import { isForGood, isPassing } from './standing-error.ts';

export interface EndBackup {
  readonly session: Stored<BackupSession>;
  /** Undefined: it is gone, and its hooks with it. */
  readonly configuration: Stored<BackupConfiguration> | undefined;
  readonly id: string;
  readonly end: SessionEnd;
  readonly replacing: Holder | undefined;
  readonly maxFreezeMs: number;
}

/** Resolves with the ended session; undefined: somebody else has it, or had ended it before. */
export async function endBackup(
  environment: Environment,
  task: EndBackup,
): Promise<Stored<BackupSession> | undefined> {
  const held = await hold(environment, backupSessions, task.session, task.id, task.replacing);
  if (held === undefined) return undefined;
  try {
    await endHeldBackup(environment, held, task);
    return held.session();
  } finally {
    await held.release();
  }
}

/** The same for whoever holds it already. */
export async function endHeldBackup(
  environment: Environment,
  held: Held<BackupSession>,
  { configuration, end, maxFreezeMs }: Pick<EndBackup, 'configuration' | 'end' | 'maxFreezeMs'>,
): Promise<void> {
  const { cluster, clock } = environment;
  const session = held.session();
  const timeoutMs = parseDuration(configuration?.spec.timeOut ?? '') ?? defaultTimeoutMs;
  const target = configuration && targetOf(configuration);
  const sessionClaims = readSessionClaims(session.metadata.annotations);
  let why = end.why;
  // Before it ran, nothing was quiesced and nothing made.
  if (session.status?.phase === 'Running' && target !== undefined && sessionClaims !== undefined) {
    try {
      const claims = await lookAround(cluster, target.namespace).claims();
      const planned = claims
        .filter(({ metadata }) => sessionClaims.includes(metadata.name))
        .map((claim) => ({ claim }));
      await runBackup(environment, {
        ...{ held, target, sessionClaims, planned, timeoutMs, configuration, maxFreezeMs },
        failFast: false,
        disrupted: end.how === 'late' ? undefined : end.why,
      });
      return;
    } catch (error) {
      // It has tried to thaw. Less is known of such an end, but it is one.
      if (isPassing(error) || held.lost.aborted) throw error;
      if (isForGood(error)) why += `; its snapshots could not be looked at: ${error.message}`;
    }
  }
  const ref = target && { apiVersion: targetApiVersion(target.kind), kind: target.kind, name: target.name };
  await held.writeStatus(failedBackup(session, { end: { ...end, why }, ref, timeoutMs, now: clock.now() }));
}

function targetOf(configuration: Stored<BackupConfiguration>): Target | undefined {
  try {
    return targetOfConfiguration(configuration);
  } catch (error) {
    if (isForGood(error)) return undefined;
    throw error;
  }
}
