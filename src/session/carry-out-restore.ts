/** A RestoreSession that is there already, from wherever it stands to its end: what a Job does, or the operator itself. */
import type { Stored } from '#src/api/kubernetes.ts';
import { restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { parseDuration } from '#src/domain/duration.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import type { Holder } from '#src/domain/session/holder.ts';
import { restoreJobName } from '#src/domain/workload/names.ts';
import { invalidRestore } from '#src/domain/operator/end-session.ts';
import { defaultTimeoutMs, isFinal } from '#src/domain/session/session-status.ts';
import { readTarget } from '#src/domain/workload/target.ts';

import { awaitHolder, isTakenOver, lookAgain } from './await-holder.ts';
import type { Environment } from './environment.ts';
import type { Held } from './held.ts';
import { endHeldRestore } from './end-restore.ts';
import { hold } from './hold.ts';
import { persist } from './persist.ts';
import { planRestore, type RestorePlan } from './plan-restore.ts';
import { runRestore } from './restore.ts';
import { isForGood } from './standing-error.ts';
import { lookAround } from './surroundings.ts';

export interface CarryOutRestore {
  readonly session: Stored<RestoreSession>;
  /** Of this executor. */
  readonly id: string;
  /** A holder that was seen dead. */
  readonly replacing?: Holder | undefined;
  /** What to do where somebody who lives holds the session: wait for its end or death, or leave it alone. */
  readonly held: 'wait' | 'leave';
}

/** As `carryOutBackup`; a session whose templates make no sense ends Invalid. */
export async function carryOutRestore(
  environment: Environment,
  task: CarryOutRestore,
): Promise<Stored<RestoreSession>> {
  let { session, replacing } = task;
  for (;;) {
    const held = await hold(environment, restoreSessions, session, task.id, replacing);
    if (held) {
      try {
        await execute(environment, held);
        return held.session();
      } catch (error) {
        if (!isTakenOver(held)) throw error;
      } finally {
        await held.release();
      }
    }
    if (task.held === 'leave') return await lookAgain(environment, restoreSessions, session);
    const jobName = restoreJobName(session.metadata.name);
    const vacancy = await awaitHolder(environment, restoreSessions, session, jobName);
    ({ session, dead: replacing } = vacancy);
    if (isFinal(session)) return session;
  }
}

async function execute(environment: Environment, held: Held<RestoreSession>): Promise<void> {
  const session = held.session();
  const { namespace = '' } = session.metadata;
  const timeoutMs = parseDuration(session.spec.timeOut ?? '') ?? defaultTimeoutMs;
  try {
    const plan = await makePlan(environment, session, expandTemplates(session));
    await runRestore(environment, { held, target: readTarget(session), namespace, ...plan, timeoutMs });
  } catch (error) {
    if (!isForGood(error) || held.lost.aborted) throw error;
    if (error.kind === 'invalid' && session.status?.phase !== 'Running') {
      await held.writeStatus(invalidRestore(session, error.message, environment.clock.now()));
      return;
    }
    // Whoever had it before may have quiesced the application.
    await endHeldRestore(environment, held, { how: 'disrupted', why: error.message });
  }
}

async function makePlan(
  { cluster, clock, signal }: Environment,
  session: Stored<RestoreSession>,
  templates: readonly VolumeClaimTemplate[],
): Promise<RestorePlan> {
  const around = {
    ...lookAround(cluster, session.metadata.namespace ?? ''),
    // Rights are for whoever installed us to see to.
    demand: () => Promise.resolve(),
  };
  return persist(clock, signal, () =>
    planRestore(around, { templates, resumed: session, user: 'this executor' }),
  );
}
