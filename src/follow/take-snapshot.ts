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
import { formatTarget } from '#src/domain/workload/target.ts';
import { runBackup } from '#src/session/backup.ts';
import { beginBackup, refuseOperators, type BeginOptions, type Begun } from '#src/session/begin-backup.ts';
import type { ExecutorMode } from '#src/session/executor.ts';
import { awaitPickUp } from '#src/session/pick-up.ts';
import { planResumed, type BackupPlan, type BackupRequest } from '#src/session/plan-backup.ts';
import type { Surroundings } from '#src/session/surroundings.ts';

import { followBackup } from './backup.ts';
import type { FollowEnvironment } from './follow.ts';
import { limited, orHowToGoOn, orNotBegun, type Sight } from './interruption.ts';
import { executing, tidyWithin, withinLimit, type Limit } from './limit.ts';
import { seeThrough } from './see-through.ts';
import { tidyAfter } from './tidy-after.ts';

export interface SnapshotOptions {
  readonly request: BackupRequest;
  readonly mode: ExecutorMode;
  /** Of this executor. */
  readonly id: string;
  /** How long a session may take that this command carries out. */
  readonly timeoutMs: number;
  /** How long the command waits, for all that it waits for; undefined: until the session has ended. */
  readonly limitMs: number | undefined;
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
  return withinLimit(environment, { timeoutMs: options.limitMs }, (limit) =>
    take(environment, around, plan, { ...options, limit }),
  );
}

/** Only begins the session: somebody else carries it out. */
export function leaveSnapshot(
  environment: Pick<FollowEnvironment, 'cluster' | 'clock' | 'signal'>,
  around: Surroundings,
  plan: BackupPlan,
  options: Omit<SnapshotOptions, 'say'>,
): Promise<Begun> {
  return withinLimit(environment, { timeoutMs: options.limitMs }, (limit) =>
    begin(environment, around, plan, { ...options, limit, wait: false }),
  );
}

interface Limited {
  readonly limit: Limit | undefined;
}

/** Where the configuration of a target has to be looked at first, that counts against the limit. */
function begin(
  environment: Pick<FollowEnvironment, 'cluster' | 'clock' | 'signal'>,
  around: Surroundings,
  plan: BackupPlan,
  options: Omit<BeginOptions, 'waitsFor'> & Limited,
): Promise<Begun> {
  const { limit, request } = options;
  let last = 'the API server does not answer';
  const waitsFor = (words: string) => {
    last = words;
  };
  const signal = limit?.signal ?? environment.signal;
  return orNotBegun(beginBackup({ ...environment, signal }, around, plan, { ...options, waitsFor }), {
    limit,
    waitsFor: () => last,
    again: snapshotCommand(plan.target, request),
  });
}

async function take(
  environment: FollowEnvironment,
  around: Surroundings,
  plan: BackupPlan,
  options: SnapshotOptions & Limited,
): Promise<Progress> {
  const first = await begin(environment, around, plan, { ...options, wait: true });
  const progress = await finish(environment, around, plan, options, first);
  if (!first.stale && !first.other) return progress;
  const why = first.stale ? 'had run out of time' : 'had no such hooks';
  options.say(`backupsession/${first.session.metadata.name} ${why}; beginning another`);
  const known = { ...plan, configuration: first.configuration };
  const second = await begin(environment, around, known, { ...options, wait: true, anew: true });
  return finish(environment, around, known, options, second);
}

async function finish(
  environment: FollowEnvironment,
  around: Surroundings,
  plan: BackupPlan,
  options: SnapshotOptions & Limited,
  { session, configuration, executor, resumed }: Begun,
): Promise<Progress> {
  const { target } = plan;
  const { mode, id, timeoutMs, failFast, maxFreezeMs, say, limit } = options;
  const { name } = session.metadata;
  const { configuration: wished, hooks: given } = options.request;
  const again = snapshotCommand(target, { configuration: wished, hooks: given });
  if (resumed) say(`backupsession/${name} of ${formatTarget(target)} is unfinished: going on with it`);

  const sight: Sight = { progress: undefined, doing: 'pick-up' };
  const within = limited(environment, limit, sight);
  const follow = (endWhenDead: boolean) => {
    sight.doing = 'follow';
    return followBackup(
      within,
      { name, namespace: target.namespace },
      { timeoutMs, endWhenDead, resume: again },
    );
  };
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
    } else if (executor === 'operator' && failFast && !resumed) {
      say(`carrying backupsession/${name} out from here: an operator does not fail fast`);
    } else if (executor === 'operator') {
      const taken = await awaitPickUp(within, backupSessions, session, pickUpWithinMs);
      if (taken && failFast) refuseOperators(taken);
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
        sight.doing = 'carry-out';
        const progress = await runBackup(executing({ environment, within }, held.session(), limit), {
          held,
          target,
          sessionClaims,
          planned,
          timeoutMs,
          deadline: limit?.at,
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
  const unfinished = {
    session: `backupsession/${name}`,
    name,
    namespace: target.namespace,
    again,
    limit,
  };
  const progress = await orHowToGoOn(carryOut(), unfinished, sight);
  const policy = options.request.retentionPolicy;
  await withinLimit(environment, { timeoutMs: tidyWithin(limit, environment.clock.now()) }, (rest) =>
    tidyAfter(
      { ...environment, signal: rest?.signal ?? environment.signal },
      { progress, ended, configuration, policy, say },
    ),
  );
  return progress;
}
