/** Takes one target's snapshot, from its plan to the end of its session. */
import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { hasHooks } from '#src/domain/configuration/choose-configuration.ts';
import { hasAdHocHooks, hasTheseHooks, hooksOfBackup, thawWarning } from '#src/domain/hooks/hooks.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { timeLimitMs } from '#src/domain/session/session-status.ts';
import { snapshotCommand } from '#src/domain/backup/snapshot-command.ts';
import { readSessionClaims, sourceClaimOf } from '#src/domain/restore-points/source-claim.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { lineOf } from '#src/domain/retention/retention.ts';
import { formatTarget } from '#src/domain/workload/target.ts';
import { assertNever } from '#src/errors.ts';
import {
  beginBackup,
  refuseOperators,
  type BeginOptions,
  type Begun,
} from '#src/session/plan/begin-backup.ts';
import type { Executor, ExecutorMode } from '#src/session/holding/executor.ts';
import { backup } from '#src/session/kinds/backup.ts';
import { planResumed, type BackupPlan, type BackupRequest } from '#src/session/plan/plan-backup.ts';
import type { NamespaceReader } from '#src/session/plan/namespace-reader.ts';

import { carryOutHere, type Course } from './carry-out.ts';
import type { FollowEnvironment } from './follow.ts';
import { orNotBegun } from './interruption.ts';
import { tidyWithin, within, withinLimit, type Limit } from './limit.ts';
import { tidyAfter } from './tidy-after.ts';

export interface SnapshotOptions {
  readonly request: BackupRequest;
  readonly mode: ExecutorMode;
  /** The executor as far as API discovery decides it: the result of `checkBackup`. */
  readonly byDiscovery: Executor | undefined;
  /** This executor's id. */
  readonly id: string;
  /** Milliseconds that the session may take if this command carries it out. */
  readonly timeoutMs: number;
  /** Milliseconds that the command waits, in total; undefined: until the session has ended. */
  readonly limitMs: number | undefined;
  readonly failFast: boolean;
  /** Milliseconds that the application may stay quiesced; left out: a minute. */
  readonly maxFreezeMs?: number | undefined;
  readonly say: (line: string) => void;
}

/**
 * Milliseconds that a session of this plan may take: `wished`, else the configuration's `timeOut`, else ten minutes.
 */
export function timeoutOf({ configuration }: BackupPlan, wished: number | undefined): number {
  return wished ?? timeLimitMs(configuration?.spec.timeOut);
}

/** Resolves with the final progress, good or bad. Rejects as `beginBackup` and `carryOutHere` do. */
export async function takeSnapshot(
  environment: FollowEnvironment,
  reader: NamespaceReader,
  plan: BackupPlan,
  options: SnapshotOptions,
): Promise<Progress> {
  return withinLimit(environment, { timeoutMs: options.limitMs }, (limit) =>
    take(environment, reader, plan, { ...options, limit }),
  );
}

/** Begins the session and leaves it to an operator. */
export function leaveSnapshot(
  environment: Omit<FollowEnvironment, 'onChange'>,
  reader: NamespaceReader,
  plan: BackupPlan,
  options: Omit<SnapshotOptions, 'say'>,
): Promise<Begun> {
  return withinLimit(environment, { timeoutMs: options.limitMs }, (limit) =>
    begin(environment, reader, plan, { ...options, limit, wait: false }),
  );
}

interface Limited {
  readonly limit: Limit | undefined;
}

/** The time that an operator takes to give the configuration a status counts against the limit. */
function begin(
  environment: Omit<FollowEnvironment, 'onChange'>,
  reader: NamespaceReader,
  plan: BackupPlan,
  options: Omit<BeginOptions, 'waitsFor'> & Limited,
): Promise<Begun> {
  const { limit, request } = options;
  let last = 'the API server does not answer';
  const waitsFor = (words: string) => {
    last = words;
  };
  return orNotBegun(beginBackup(within(environment, limit), reader, plan, { ...options, waitsFor }), {
    limit,
    waitsFor: () => last,
    again: snapshotCommand(plan.target, request),
  });
}

async function take(
  environment: FollowEnvironment,
  reader: NamespaceReader,
  plan: BackupPlan,
  options: SnapshotOptions & Limited,
): Promise<Progress> {
  const first = await begin(environment, reader, plan, { ...options, wait: true });
  const progress = await finish(environment, reader, plan, options, first);
  if (!first.stale && !first.other) return progress;
  const why = first.stale ? 'had run out of time' : 'had no such hooks';
  options.say(`backupsession/${first.session.metadata.name} ${why}; beginning another`);
  const known = { ...plan, configuration: first.configuration };
  const second = await begin(environment, reader, known, { ...options, wait: true, anew: true });
  return finish(environment, reader, known, options, second);
}

async function finish(
  environment: FollowEnvironment,
  reader: NamespaceReader,
  plan: BackupPlan,
  options: SnapshotOptions & Limited,
  begun: Begun,
): Promise<Progress> {
  const { target } = plan;
  const { id, timeoutMs, failFast, maxFreezeMs, say, limit } = options;
  const { session, configuration, executor, resumed } = begun;
  const { configuration: wished, hooks: given } = options.request;
  const again = snapshotCommand(target, { configuration: wished, hooks: given });
  const { name } = session.metadata;
  if (resumed) say(`backupsession/${name} of ${formatTarget(target)} is unfinished: going on with it`);
  if (resumed && lineOf(session) === 'schedule' && !options.request.keep) {
    say(
      `note: the schedule began it, whose policy may delete it later; to keep it: ${commandLine`kubectl stash pin ${name} -n ${target.namespace}`}`,
    );
  }
  if (executor === 'appscode' && hasHooks(configuration)) {
    say(
      "note: AppsCode's operator runs hooks in its own pod, not in the target's, and ignores executionPolicy",
    );
  }
  if (executor !== 'appscode') sayLeftOut(plan, say);

  let ended: Stored<BackupSession> | undefined;
  const runsGivenHooks = given !== undefined && hasTheseHooks(session, given);
  const progress = await carryOutHere(environment, backup, {
    ...{ session, id, timeoutMs, limit, again, say },
    course: courseOf(plan, options, begun),
    context: { configuration, maxFreezeMs, failFast, runsGivenHooks },
    plan: async (held) => {
      const listed = readSessionClaims(held.session().metadata.annotations);
      const planned =
        resumed && listed ? await planResumed(reader, options.request, configuration, listed) : plan.planned;
      return { target, sessionClaims: listed ?? plan.sessionClaims, planned };
    },
    onTake: () => {
      const hooks = hooksOfBackup(session, configuration);
      const warning = hooks && thawWarning(hooks);
      if (warning !== undefined) say(`note: ${warning}`);
    },
    onEnd: (session) => {
      ended = session;
    },
  });
  const { retentionPolicy: policy, keep } = options.request;
  await withinLimit(environment, { timeoutMs: tidyWithin(limit, environment.clock.now()) }, (rest) =>
    tidyAfter(within(environment, rest), {
      progress,
      ended,
      configuration,
      policy,
      keep: resumed ? keep : undefined,
      say,
    }),
  );
  return progress;
}

function courseOf(
  { target }: BackupPlan,
  { mode, failFast }: Pick<SnapshotOptions, 'mode' | 'failFast'>,
  { session, executor, resumed }: Begun,
): Course<BackupSession> {
  const named = `backupsession/${session.metadata.name}`;
  switch (executor) {
    case 'appscode':
      return { do: 'follow' };
    case 'operator':
      if (mode === 'operator') return { do: 'follow' };
      if (hasAdHocHooks(session)) {
        return { do: 'here', why: `running ${named} from here: no operator runs its hooks` };
      }
      if (failFast && !resumed) {
        return { do: 'here', why: `running ${named} from here: an operator does not fail fast` };
      }
      return {
        do: 'offer',
        operator: 'known',
        otherwise: `no operator has taken ${named}: running it from here`,
        ...(failFast && { onTaken: refuseOperators }),
      };
    case 'local': {
      const why = `no operator found in namespace ${target.namespace}: running the session from here`;
      return { do: 'here', ...(mode === 'auto' && { why }) };
    }
    default:
      return assertNever(executor);
  }
}

function sayLeftOut({ planned }: BackupPlan, say: (line: string) => void): void {
  for (const { claim } of planned) {
    const { leftOut } = sourceClaimOf(claim);
    if (leftOut === undefined) continue;
    say(
      `note: the snapshot of claim ${claim.metadata.name} leaves out the annotation ${leftOut}: too large to be kept`,
    );
  }
}
