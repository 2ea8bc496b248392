/** Watches a session that another executor carries out, until its end. It only reads. */
import type { Resource } from '#src/api/resources.ts';
import type { AnySession } from '#src/api/stash.ts';
import { createLoop } from '#src/cluster/loop.ts';
import { connectionNotes, observe } from '#src/cluster/observe.ts';
import { firstLists } from '#src/cluster/wait-for.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { commandLine } from '#src/domain/command-line.ts';
import type { Clock } from '#src/domain/clock.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { whyNoExecutor } from '#src/domain/session/end-status.ts';
import {
  deadAfterMs,
  goesByHolder,
  lifeLeft,
  readHolder,
  renewEveryMs,
  sight,
  type Holder,
  type Sighting,
} from '#src/domain/session/holder.ts';
import { followerGraceMs } from '#src/domain/session/patience.ts';
import { describe, type Progress, type Verdict } from '#src/domain/session/progress.ts';
import { sessionProgress } from '#src/domain/session/session-progress.ts';
import { deadlineOf, isFinal, type Session } from '#src/domain/session/session-status.ts';
import { StashError } from '#src/errors.ts';
import type { SessionKind } from '#src/session/kind.ts';

import { createProbe } from './probe.ts';
import { watchJob, type JobWatch } from './watch-job.ts';

export interface FollowEnvironment {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Prints one line that says what the command waits for. */
  readonly tell: (line: string) => void;
  /** When the command's limit passes. Left out if there is no limit. */
  readonly until?: Date | undefined;
  readonly onChange: (progress: Progress) => void;
  /** See `Environment`. For a command that may carry the session out. */
  readonly podsOnly?: string | undefined;
}

export interface Followed {
  /** Has a verdict if `ended` is 'verdict'. */
  readonly progress: Progress;
  /**
   * `dead`, only with `endWhenDead`, is the holder that has not renewed for too long. Undefined if there is no holder.
   */
  readonly ended: 'verdict' | { readonly dead: Holder | undefined };
}

export interface FollowOptions {
  /** Milliseconds that a session without a deadline may take. */
  readonly timeoutMs: number;
  /** Return when the executor is dead, so that the caller can take over. Without this, a note says that it is dead. */
  readonly endWhenDead?: boolean;
  /** The command that takes the session over, for the note. */
  readonly resume?: string | undefined;
}

type FollowedBy =
  'words' | 'resource' | 'jobName' | 'watch' | 'targetOf' | 'verdict' | 'hookState' | 'hookRecord';

/**
 * When no more than this is left until a silent executor counts as dead, the follower probes whether the API server
 * answers.
 */
const suspectLeftMs = deadAfterMs - 2 * renewEveryMs;

/**
 * Rejects with 'interrupted', with 'not-found', and if the user may not read the session or the objects that it
 * creates.
 */
export async function follow<S extends AnySession>(
  environment: FollowEnvironment,
  kind: Pick<SessionKind<S, never>, FollowedBy>,
  { name, namespace }: { readonly name: string; readonly namespace: string },
  options: FollowOptions,
): Promise<Followed> {
  const { cluster, clock, signal, tell, onChange } = environment;
  const { resource } = kind;
  const jobName = kind.jobName(name);
  using loop = createLoop(clock, signal);
  const named = { namespace, fieldSelector: `metadata.name=${name}` };
  const sessions = observe(cluster, resource, named, loop.signal, loop.ring);
  const job = watchJob(environment, { jobName, namespace }, loop);
  const { made, beside = [], claims } = kind.watch(environment, namespace, loop);
  const known = Promise.all(beside.map(({ synced }) => synced.catch(() => undefined)));
  const lists = [
    { resource, observed: sessions },
    { resource: kind.words.makes, observed: made },
  ];
  const listWithinMs = options.timeoutMs + followerGraceMs;
  await firstLists(lists, { loop, clock, tell, listWithinMs });
  await loop.race(known);

  const began = clock.now();
  let last: Progress | undefined;
  let sighting: Sighting | undefined;
  let wasLost = false;
  const probe = createProbe(clock, loop, () => cluster.get(resource, name, namespace));
  for (;;) {
    const failure = sessions.failure() ?? made.failure();
    if (failure) throw failure;
    const now = clock.now();
    const session = sessions.items.get(name);
    if (session === undefined) {
      if (last === undefined) throw missing(resource, { name, namespace });
      const verdict = { outcome: 'deleted', message: 'the session was deleted while it ran' } as const;
      return { progress: { ...last, verdict }, ended: 'verdict' };
    }
    const lost = sessions.lost() ?? probe.unanswered();
    // While the watch is disconnected, a missing renewal says nothing about the executor. After a reconnect, the
    // executor gets the full time again, because it may have lost its connection, too.
    sighting = sight(lost === undefined && !wasLost ? sighting : undefined, session, now);
    wasLost = lost !== undefined;
    const left = lifeLeft(sighting, now);
    if (left <= suspectLeftMs) probe.ask(sighting);
    const notes = () => [
      ...new Set([...connectionNotes(sessions, made), ...(lost === undefined ? [] : [lost])]),
      ...job.notes(isFinal(session)),
      ...(isFinal(session) ? [] : executorNote(session, left, { job, resume: options.resume })),
    ];
    const deadline = deadlineOf(session)?.getTime() ?? began.getTime() + options.timeoutMs;
    const until = new Date(deadline + followerGraceMs);
    const progress = sessionProgress(kind, {
      ...{ session, target: kind.targetOf(session), claims: claims(session) },
      ...{ timeoutMs: options.timeoutMs, notes: notes() },
    });
    // A follower that can take over does not give up on a living executor, which judges the deadline by its own clock.
    const takesOver = options.endWhenDead === true && !isFinal(session);
    const late = now >= until && (!takesOver || lost !== undefined);
    const verdict =
      progress.verdict ?? job.verdict(now) ?? (late ? overdue(session, progress, { lost, job }) : undefined);
    if (verdict) {
      if (verdict.outcome !== 'succeeded') await job.settled();
      const final = progress.verdict ?? job.verdict(now) ?? verdict;
      last = { ...progress, notes: notes(), verdict: final };
      onChange(last);
      return { progress: last, ended: 'verdict' };
    }
    last = progress;
    onChange(last);
    const { holder } = sighting;
    const isAlive = holder !== undefined && left > 0;
    if (takesOver && !isAlive) return { progress: last, ended: { dead: holder } };
    const suspect = left > suspectLeftMs ? left - suspectLeftMs : left;
    const death = isAlive ? now.getTime() + suspect : Infinity;
    const turn = takesOver && lost === undefined ? death : Math.min(until.getTime(), death);
    await loop.wait(new Date(Math.min(turn, job.verdictAt())));
  }
}

/** Returns the verdict 'timed-out', not 'failed', because a Job may still carry the session out. */
function overdue(
  session: Session,
  { claims }: Progress,
  { lost, job }: { readonly lost: string | undefined; readonly job: JobWatch },
): Verdict {
  const jobWaits = job.waits();
  const waiting = claims.filter(({ phase }) => phase !== 'Succeeded');
  const phase = session.status?.phase;
  const state =
    lost !== undefined
      ? `its state is unknown: ${lost}; last seen ${phase ?? 'untaken'}`
      : phase === undefined
        ? 'no executor has taken the session'
        : `${isFinal(session) ? 'its phase is' : 'the session is still'} ${phase}`;
  const why = [jobWaits, waiting.length === 0 ? undefined : describe(waiting)].flatMap((words) =>
    words === undefined ? [] : `; ${words}`,
  );
  return {
    outcome: 'timed-out',
    message: `its deadline has passed and ${state}${why.join('')}`,
    ...(jobWaits !== undefined && { culprit: `job/${job.name}` }),
  };
}

function executorNote(
  session: AnySession,
  left: number,
  { job, resume }: { readonly job: JobWatch; readonly resume: string | undefined },
): string[] {
  const holder = readHolder(session);
  const how = job.goesOn()
    ? `; job ${job.name} creates its next pod, which goes on with it`
    : resume === undefined
      ? ''
      : `; to go on: ${resume}`;
  const unprovided = whyNoExecutor(session);
  if (holder === undefined && unprovided !== undefined) return [unprovided];
  if (holder === undefined) return goesByHolder(session) ? [`no executor carries it out any more${how}`] : [];
  if (left > 0) return [];
  return [`its executor ${holder.id} has shown no sign of life for ${formatDuration(deadAfterMs)}${how}`];
}

function missing(
  resource: Resource,
  { name, namespace }: { readonly name: string; readonly namespace: string },
): StashError {
  return new StashError(
    'not-found',
    `${resource.kind.toLowerCase()} "${name}" not found in namespace ${namespace}`,
    {
      hint: commandLine`kubectl get ${resource.plural} -n ${namespace}`,
    },
  );
}
