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
import { targetApiVersion, type Target } from '#src/domain/workload/target.ts';

import { runBackup, type BackupTask } from './backup.ts';
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

/**
 * For an executor that is dead, or late: thaws, and where nothing more has to be made sees the session to its end. As
 * `endBackup`; a session of which nothing was made yet is left unfinished, for whoever goes on with it.
 */
export async function thawBackup(
  environment: Environment,
  { why, ...task }: Omit<EndBackup, 'end'> & { readonly why: string },
): Promise<Stored<BackupSession> | undefined> {
  const held = await hold(environment, backupSessions, task.session, task.id, task.replacing);
  if (held === undefined) return undefined;
  try {
    const target = task.configuration && targetOf(task.configuration);
    const sessionClaims = readSessionClaims(held.session().metadata.annotations);
    if (target === undefined || sessionClaims === undefined) {
      await endHeldBackup(environment, held, { ...task, end: { how: 'disrupted', why } });
    } else {
      await seeThrough(environment, { ...task, held, target, sessionClaims, onlyThaw: why });
    }
    return held.session();
  } finally {
    await held.release();
  }
}

/** What was made; nothing more is. */
async function seeThrough(
  environment: Environment,
  task: Pick<
    BackupTask,
    'held' | 'target' | 'sessionClaims' | 'configuration' | 'maxFreezeMs' | 'disrupted' | 'onlyThaw'
  >,
): Promise<void> {
  const claims = await lookAround(environment.cluster, task.target.namespace).claims();
  const planned = claims
    .filter(({ metadata }) => task.sessionClaims.includes(metadata.name))
    .map((claim) => ({ claim }));
  const timeoutMs = parseDuration(task.configuration?.spec.timeOut ?? '') ?? defaultTimeoutMs;
  await runBackup(environment, { ...task, planned, timeoutMs, failFast: false });
}

/** The same for whoever holds it already. */
export async function endHeldBackup(
  environment: Environment,
  held: Held<BackupSession>,
  { configuration, end, maxFreezeMs }: Pick<EndBackup, 'configuration' | 'end' | 'maxFreezeMs'>,
): Promise<void> {
  const { clock } = environment;
  const session = held.session();
  const timeoutMs = parseDuration(configuration?.spec.timeOut ?? '') ?? defaultTimeoutMs;
  const target = configuration && targetOf(configuration);
  const sessionClaims = readSessionClaims(session.metadata.annotations);
  let why = end.why;
  // Before it ran, nothing was quiesced and nothing made.
  if (session.status?.phase === 'Running' && target !== undefined && sessionClaims !== undefined) {
    try {
      const disrupted = end.how === 'late' ? undefined : end.why;
      await seeThrough(environment, {
        ...{ held, target, sessionClaims, configuration, maxFreezeMs, disrupted },
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
