/** Who carries a session out, and what to do about it: the same for both kinds of session. */
import { jobCondition } from '#src/api/conditions.ts';
import type { Job, Pod, Stored } from '#src/api/kubernetes.ts';
import type { RunSessions } from '#src/api/operator.ts';
import { formatDuration } from '#src/domain/duration.ts';
import type { Holder, Sighting } from '#src/domain/session/holder.ts';
import { holderLife } from '#src/domain/session/holder-life.ts';
import { jobState } from '#src/domain/session/job-state.ts';
import { executorGraceMs, vacantGraceMs } from '#src/domain/session/patience.ts';
import type { SessionEnd } from '#src/domain/session/session-end.ts';
import type { Session } from '#src/domain/session/session-status.ts';
import { assertNever } from '#src/errors.ts';

import { thawAt, type Freeze } from './freeze.ts';

export interface ExecutorWorld {
  readonly now: Date;
  readonly session: Session;
  /** The name that its Job has or would have. */
  readonly jobName: string;
  /** Of that name, whoever made it. */
  readonly job: Stored<Job> | undefined;
  /** Those of the Job, as far as they are seen. */
  readonly pods: readonly Stored<Pod>[];
  readonly sighting: Sighting;
  /** Since when this process has seen its application quiet; undefined: it has not. */
  readonly quietSince: Date | undefined;
  /** How long an application may stay quiesced. */
  readonly maxFreezeMs: number;
  readonly runSessions: RunSessions;
  /** What this process does for the session. */
  readonly here: 'no' | 'queued' | 'running';
  /** A Job was made for it once. */
  readonly ensured: boolean;
}

export interface Circumstances {
  /** Nobody who lives has to be believed any more a while after it. */
  readonly deadline: Date;
  readonly begun: boolean;
  /** Why it cannot go on. */
  readonly disruption: string | undefined;
  /** Why nobody but its executor may go on with it. */
  readonly foreign: string | undefined;
  /** What the operator may have to end. */
  readonly freeze: Freeze | undefined;
}

export type ExecutorAction =
  /** Nothing, until something changes or the time has come. */
  | { readonly do: 'wait'; readonly until: Date | undefined; readonly why: string }
  /** Make the Job, and say so in the session's status. */
  | { readonly do: 'ensure-job' }
  /** In this process. */
  | { readonly do: 'run'; readonly replacing: Holder | undefined }
  /** What a dead executor holds is given back, so that the Job's pod need not wait. */
  | { readonly do: 'give-back'; readonly holder: Holder }
  /** Nobody thaws the application in time: take it, thaw, and go on as far as nothing more has to be made. */
  | { readonly do: 'thaw'; readonly why: string }
  /** Its executor is stopped, which thaws and lets go. */
  | { readonly do: 'stop-executor'; readonly why: string }
  /** Take it, thaw, and say how it ended. */
  | { readonly do: 'end'; readonly end: SessionEnd; readonly replacing: Holder | undefined };

const executorActions: Readonly<Record<ExecutorAction['do'], true>> = {
  ...{ wait: true, 'ensure-job': true, run: true, 'give-back': true },
  ...{ thaw: true, 'stop-executor': true, end: true },
};

export function isExecutorAction(action: { readonly do: string }): action is ExecutorAction {
  return Object.hasOwn(executorActions, action.do);
}

/** A Job's process ends its session first, and its pod a moment later. */
export const lateJobMs = 60_000;

export function decideExecutor(world: ExecutorWorld, at: Circumstances): ExecutorAction {
  const action = decideUnfrozen(world, at);
  const { now, here } = world;
  if (at.freeze === undefined || here === 'running') return action;
  const until = thawAt(at.freeze, holderLife(world, now), world);
  if (until === undefined) return action;
  switch (action.do) {
    case 'wait':
    case 'run':
    case 'ensure-job':
    case 'give-back': {
      if (now >= until) {
        const why = `nobody thawed the application within ${formatDuration(at.freeze.lastsMs)}`;
        return { do: 'thaw', why: action.do === 'wait' ? `${why}: ${action.why}` : why };
      }
      const isSooner = action.do === 'wait' && (action.until === undefined || until < action.until);
      return isSooner ? { ...action, until } : action;
    }
    case 'thaw':
    case 'stop-executor':
    case 'end':
      return action;
    default:
      return assertNever(action);
  }
}

/** As if its application were not quiet. */
function decideUnfrozen(world: ExecutorWorld, at: Circumstances): ExecutorAction {
  const { now, job, jobName, here } = world;
  const last = new Date(at.deadline.getTime() + executorGraceMs);
  const lastVacant = new Date(at.deadline.getTime() + vacantGraceMs);
  if (here === 'running' || (here === 'queued' && at.disruption === undefined)) {
    if (at.disruption !== undefined) return { do: 'stop-executor', why: at.disruption };
    return {
      do: 'wait',
      until: undefined,
      why: here === 'running' ? 'it is carried out here' : 'for its turn',
    };
  }
  const life = holderLife(world, now);
  if (life.state === 'living') {
    const { holder, ofJob } = life;
    const stop = at.disruption ?? (now >= last ? 'its deadline has passed' : undefined);
    if (ofJob && job && stop !== undefined && job.metadata.deletionTimestamp === undefined) {
      return { do: 'stop-executor', why: stop };
    }
    if (ofJob && job && isOwn(world) && !world.ensured) return { do: 'ensure-job' };
    const until = ofJob && now < last && last < life.until ? last : life.until;
    return { do: 'wait', until, why: `${holder.id} carries it out` };
  }
  const replacing = life.state === 'none' ? undefined : life.holder;
  const end = (how: SessionEnd['how'], why: string): ExecutorAction => ({
    do: 'end',
    end: { how, why },
    replacing,
  });
  if (at.foreign !== undefined) return end('disrupted', at.foreign);
  if (at.disruption !== undefined) return end('disrupted', at.disruption);
  if (job === undefined) {
    const late = () => end('late', at.begun ? 'nobody carried it out any more' : 'nobody had begun it');
    if (world.runSessions === 'in-process') return now >= lastVacant ? late() : { do: 'run', replacing };
    if (world.ensured) return end('disrupted', `job ${jobName} was deleted`);
    if (now >= lastVacant) return late();
    return replacing ? { do: 'give-back', holder: replacing } : { do: 'ensure-job' };
  }
  if (!isOwn(world)) return end('not-ensured', `job ${jobName} exists, and is not of this session`);
  const state = jobState(job, world.pods);
  switch (state.state) {
    case 'failed':
      return end('disrupted', `job ${jobName} failed: ${state.why}`);
    case 'succeeded':
      return end('disrupted', `job ${jobName} has ended, and left the session unfinished`);
    case 'running':
    case 'waiting': {
      const why = state.state === 'running' ? `pod ${state.pod} of its job runs` : state.why;
      // A pod that runs takes the session, and then ends it; one that does not run never will in time.
      const until = state.state === 'running' ? last : lastVacant;
      if (now >= until) return end('late', `job ${jobName}: ${why}`);
      if (!world.ensured) return { do: 'ensure-job' };
      return { do: 'wait', until, why };
    }
    default:
      return assertNever(state);
  }
}

function isOwn({ job, session }: ExecutorWorld): boolean {
  return job?.metadata.ownerReferences?.some(({ uid }) => uid === session.metadata.uid) ?? false;
}

/** It runs or will, and nobody has said that it shall not. */
export function isJobUnfinished({ metadata, status }: Job): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  return !(status?.conditions ?? []).some(
    ({ type, status: told }) =>
      told === 'True' && (type === jobCondition.complete || type === jobCondition.failed),
  );
}
