/** One target's snapshot, from its plan to the end of its session. */
import type { Stored } from '#src/api/kubernetes.ts';
import { backupSessions } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { hasHooks } from '#src/domain/configuration/choose-configuration.ts';
import { parseDuration } from '#src/domain/duration.ts';
import { hasAdHocHooks, hasTheseHooks, hooksOfBackup, thawWarning } from '#src/domain/hooks/hooks.ts';
import { goesByHolder } from '#src/domain/session/holder.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { defaultTimeoutMs } from '#src/domain/session/session-status.ts';
import { snapshotCommand } from '#src/domain/backup/snapshot-command.ts';
import { readSessionClaims } from '#src/domain/restore-points/source-claim.ts';
import { sourceClaimOf } from '#src/domain/restore-points/source-claim.ts';
import { formatTarget } from '#src/domain/target/target.ts';
import { runBackup } from '#src/session/backup.ts';
import { beginBackup, type Begun } from '#src/session/begin-backup.ts';
import type { ExecutorMode } from '#src/session/executor.ts';
import { awaitPickUp } from '#src/session/pick-up.ts';
import { planResumed, type BackupPlan, type BackupRequest } from '#src/session/plan-backup.ts';
import type { Surroundings } from '#src/session/surroundings.ts';

import { followBackup } from './backup.ts';
import type { FollowEnvironment } from './follow.ts';
import { orHowToGoOn } from './interruption.ts';
import { seeThrough } from './see-through.ts';
import { tidyAfter } from './tidy-after.ts';

export interface SnapshotOptions {
  readonly request: BackupRequest;
  readonly mode: ExecutorMode;
  /** Of this executor. */
  readonly id: string;
  readonly timeoutMs: number;
  readonly failFast: boolean;
  /** How long the application may stay quiesced, where that was said. */
  readonly maxFreezeMs?: number | undefined;
  readonly say: (line: string) => void;
}

/** An operator of ours takes a session at once; one that was there and is gone never does. */
const pickUpWithinMs = 10_000;

/** Milliseconds that a session of this plan may take: `wished`, else the configuration's `timeOut`, else ten minutes. */
export function timeoutOf({ configuration }: BackupPlan, wished: number | undefined): number {
  return wished ?? parseDuration(configuration?.spec.timeOut ?? '') ?? defaultTimeoutMs;
}

/** Resolves with the session's end, good or bad. */
export async function takeSnapshot(
  environment: FollowEnvironment,
  around: Surroundings,
  plan: BackupPlan,
  options: SnapshotOptions,
): Promise<Progress> {
  const first = await beginBackup(environment, around, plan, { ...options, wait: true });
  const progress = await finish(environment, around, plan, options, first);
  if (!first.stale && !first.other) return progress;
  const why = first.stale ? 'had run out of time' : 'had no such hooks';
  options.say(`backupsession/${first.session.metadata.name} ${why}; beginning another`);
  const known = { ...plan, configuration: first.configuration };
  const second = await beginBackup(environment, around, known, { ...options, wait: true, anew: true });
  return finish(environment, around, known, options, second);
}

async function finish(
  environment: FollowEnvironment,
  around: Surroundings,
  plan: BackupPlan,
  options: SnapshotOptions,
  { session, configuration, executor, resumed }: Begun,
): Promise<Progress> {
  const { target } = plan;
  const { mode, id, timeoutMs, failFast, maxFreezeMs, say } = options;
  const { name } = session.metadata;
  const { configuration: wished, hooks: given } = options.request;
  const again = snapshotCommand(target, { configuration: wished, hooks: given });
  if (resumed) say(`backupsession/${name} of ${formatTarget(target)} is unfinished: going on with it`);

  const follow = (endWhenDead: boolean) =>
    followBackup(
      environment,
      { name, namespace: target.namespace },
      { timeoutMs, endWhenDead, resume: again },
    );
  if (executor === 'appscode' && hasHooks(configuration)) {
    say(
      "note: AppsCode's operator runs hooks in a pod of its own, not in the target's, whatever executionPolicy says",
    );
  }
  if (executor !== 'appscode') {
    for (const { claim } of plan.planned) {
      const { leftOut } = sourceClaimOf(claim);
      if (leftOut !== undefined)
        say(
          `note: the snapshot of claim ${claim.metadata.name} leaves out the annotation ${leftOut}: too large to be kept`,
        );
    }
  }
  let ended: Stored<BackupSession> | undefined;
  const carryOut = async () => {
    if (executor === 'appscode' || (executor === 'operator' && mode === 'operator'))
      return (await follow(false)).progress;
    const runsHooks = hasAdHocHooks(session);
    if (executor === 'operator' && runsHooks) {
      say(`carrying backupsession/${name} out from here: nobody else runs its hooks`);
    } else if (executor === 'operator') {
      const taken = await awaitPickUp(environment, backupSessions, session, pickUpWithinMs);
      if (taken && !goesByHolder(taken)) return (await follow(false)).progress;
      if (!taken) say(`no operator took backupsession/${name}: carrying it out from here`);
    } else if (mode === 'auto') {
      say(`no operator answers in namespace ${target.namespace}: carrying the session out from here`);
    }
    const hooks = hooksOfBackup(session, configuration);
    const warning = hooks && thawWarning(hooks);
    if (warning !== undefined) say(`note: ${warning}`);
    return seeThrough(environment, {
      resource: backupSessions,
      session,
      id,
      say,
      follow: () => follow(true),
      execute: async (held) => {
        const listed = readSessionClaims(held.session().metadata.annotations);
        const planned =
          resumed && listed
            ? await planResumed(around, options.request, configuration, listed)
            : plan.planned;
        const sessionClaims = listed ?? plan.sessionClaims;
        const progress = await runBackup(environment, {
          held,
          target,
          sessionClaims,
          planned,
          timeoutMs,
          failFast,
          configuration,
          maxFreezeMs,
          adHoc: given !== undefined && hasTheseHooks(held.session(), given),
        });
        ended = held.session();
        return progress;
      },
    });
  };
  const progress = await orHowToGoOn(carryOut(), {
    session: `backupsession/${name}`,
    name,
    namespace: target.namespace,
    again,
  });
  const policy = options.request.retentionPolicy;
  await tidyAfter(environment, { progress, ended, configuration, policy, say });
  return progress;
}
