/** Decides what the operator does next for a BackupSession. */
import type { Named, Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import { endedAt } from '#src/domain/session/ended-at.ts';
import { goesByHolder } from '#src/domain/session/holder.ts';
import { hasAdHocHooks } from '#src/domain/hooks/hooks.ts';
import { createdAt, deadlineOf, isFinal, timeLimitMs } from '#src/domain/session/session-status.ts';
import { tidyingLeft } from '#src/domain/retention/tidy-conditions.ts';
import { assertNever } from '#src/errors.ts';

import { admit } from './admit-session.ts';
import {
  decideExecutor,
  isJobUnfinished,
  lateJobMs,
  type ExecutorAction,
  type ExecutorWorld,
} from './decide-executor.ts';
import { freezeOfBackup } from './freeze.ts';
import type { KeptObject } from './kept-object.ts';
import { decideRetry } from './retry.ts';

export interface BackupSessionWorld extends ExecutorWorld {
  readonly session: Stored<KeptObject<BackupSession>>;
  readonly configuration: Stored<BackupConfiguration> | undefined;
  /** Other sessions of the same invoker. */
  readonly siblings: readonly Stored<BackupSession>[];
  /** The unfinished restore in place that prevents new snapshots of the target. */
  readonly swap: Stored<RestoreSession> | undefined;
  /** Whether the operator or one of its Jobs carries the session out, not a command line. */
  readonly executedHere: boolean;
}

export type BackupSessionAction =
  | ExecutorAction
  /** The session is not for this operator, or is being deleted. */
  | { readonly do: 'ignore' }
  | { readonly do: 'skip'; readonly why: string }
  | { readonly do: 'schedule-retry'; readonly at: Date }
  | { readonly do: 'retry'; readonly session: Named<BackupSession> }
  /** Apply retention and the history limit. */
  | { readonly do: 'tidy' };

/** A command line tidies up after its own session. The operator waits this long for it. */
const tidyAfterMs = 30_000;

export function decideBackupSession(world: BackupSessionWorld): BackupSessionAction {
  const { session, configuration, now } = world;
  if (session.spec.invoker.kind !== 'BackupConfiguration') return { do: 'ignore' };
  if (session.metadata.deletionTimestamp !== undefined) return { do: 'ignore' };
  // This program also ends the sessions that it began, even after a change of the configuration's driver.
  if (isForeign(configuration) && (isFinal(session) || !goesByHolder(session))) return { do: 'ignore' };
  if (isFinal(session)) return decideFinished(world);

  const begun = hasBegun(world);
  const disruption = begun ? disruptionOf(world) : undefined;
  if (!begun) {
    const refused = session.kept?.refused;
    if (refused !== undefined) return { do: 'skip', why: refused };
    const gate = admit(world);
    if (gate?.do === 'skip') return gate;
    if (gate) {
      const last = deadlineOfBackup(world);
      if (now >= last) return { do: 'end', end: { how: 'late', why: gate.why }, replacing: undefined };
      const until = gate.until !== undefined && gate.until < last ? gate.until : last;
      return { ...gate, until };
    }
  }
  return decideExecutor(world, {
    deadline: deadlineOfBackup(world),
    begun,
    disruption,
    foreign: hasAdHocHooks(session) ? foreignHooks : undefined,
    freeze: freezeOfBackup(session, configuration, world.maxFreezeMs),
  });
}

/** The operator runs no such hooks: the creator of a session would use the operator's rights. */
const foreignHooks = 'its hooks were given on a command line: only that command line may run them';

/** Whether an executor holds the session or has been started for it. */
function hasBegun({ session, job, ensured }: BackupSessionWorld): boolean {
  return session.status?.phase === 'Running' || goesByHolder(session) || job !== undefined || ensured;
}

/** Before the session has started, its deadline counts from its creation. */
function deadlineOfBackup({ session, configuration }: BackupSessionWorld): Date {
  const limitMs = timeLimitMs(configuration?.spec.timeOut);
  return deadlineOf(session) ?? new Date(createdAt(session).getTime() + limitMs);
}

function disruptionOf({ session, configuration }: BackupSessionWorld): string | undefined {
  const name = `backupconfiguration/${session.spec.invoker.name}`;
  if (configuration === undefined) return `${name} was deleted`;
  if (isForeign(configuration)) return `${name} now has driver ${configuration.spec.driver ?? 'Restic'}`;
  return configuration.metadata.deletionTimestamp === undefined ? undefined : `${name} is being deleted`;
}

function isForeign(configuration: BackupConfiguration | undefined): boolean {
  return configuration !== undefined && configuration.spec.driver !== 'VolumeSnapshotter';
}

function decideFinished(world: BackupSessionWorld): BackupSessionAction {
  const { session, configuration, siblings, now, job, here } = world;
  const ended = endedAt(session) ?? createdAt(session);
  const times: Date[] = [];
  if (job !== undefined && isJobUnfinished(job)) {
    const patience = new Date(ended.getTime() + lateJobMs);
    if (now >= patience) return { do: 'stop-executor', why: 'the session has ended' };
    times.push(patience);
  }
  const retry = decideRetry({ now, session, configuration, siblings });
  switch (retry.do) {
    case 'schedule':
      return { do: 'schedule-retry', at: retry.at };
    case 'create':
      return { do: 'retry', session: retry.session };
    case 'wait':
      times.push(retry.until);
      break;
    case 'none':
      break;
    default:
      assertNever(retry);
  }
  if (here === 'no' && isToBeTidied(world)) {
    const patience = new Date(ended.getTime() + (world.executedHere ? 0 : tidyAfterMs));
    if (now >= patience) return { do: 'tidy' };
    times.push(patience);
  }
  const until = times.sort((a, b) => a.getTime() - b.getTime())[0];
  return { do: 'wait', until, why: 'it has ended' };
}

/** Tidying up after the newest final session covers all older ones; Skipped sessions have their own history. */
function isToBeTidied({ session, configuration, siblings }: BackupSessionWorld): boolean {
  if (configuration === undefined || configuration.metadata.deletionTimestamp !== undefined) return false;
  if (tidyingLeft(session, configuration).length === 0) return false;
  return !siblings.some(
    (sibling) =>
      isFinal(sibling) &&
      isSkipped(sibling) === isSkipped(session) &&
      sibling.metadata.creationTimestamp > session.metadata.creationTimestamp,
  );
}

export function isSkipped({ status }: BackupSession): boolean {
  return status?.phase === 'Skipped';
}
