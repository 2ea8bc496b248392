/** Decides what the operator does about the executor of a session, for both kinds of session. */
import { jobCondition } from '#src/api/conditions.ts';
import type { Job, Pod, Stored } from '#src/api/kubernetes.ts';
import type { RunSessions } from '#src/api/operator.ts';
import { formatDuration } from '#src/domain/duration.ts';
import type { Holder, Sighting } from '#src/domain/session/holder.ts';
import { holderLife } from '#src/domain/session/holder-life.ts';
import { jobState } from '#src/domain/session/job-state.ts';
import { executorGraceMs, ownGraceMs, vacantGraceMs } from '#src/domain/session/patience.ts';
import type { SessionEnd } from '#src/domain/session/session-end.ts';
import type { Session } from '#src/domain/session/session-status.ts';
import { assertNever } from '#src/errors.ts';

import { thawAt, type Freeze } from './freeze.ts';

export interface ExecutorWorld {
  readonly now: Date;
  readonly session: Session;
  /** Name of the session's Job, whether it exists or not. */
  readonly jobName: string;
  /** The existing Job with that name, of any owner. */
  readonly job: Stored<Job> | undefined;
  /** The cached pods of the Job. */
  readonly pods: readonly Stored<Pod>[];
  readonly sighting: Sighting;
  /** When this process first saw the session's application quiesced. Undefined if it is not quiesced. */
  readonly quietSince: Date | undefined;
  /** How long an application may stay quiesced. */
  readonly maxFreezeMs: number;
  readonly runSessions: RunSessions;
  /** What this process does for the session. */
  readonly here: 'no' | 'queued' | 'running';
  /** Whether a Job was created for the session, even if it no longer exists. */
  readonly ensured: boolean;
}

export interface Circumstances {
  /** The session's deadline. A grace period after it, the operator stops the Job or ends the session itself. */
  readonly deadline: Date;
  readonly begun: boolean;
  /** Why the session cannot continue. Undefined if it can. */
  readonly disruption: string | undefined;
  /** Why only the session's present holder may continue it. Undefined if the operator may. */
  readonly foreign: string | undefined;
  /** The freeze that the operator may have to end. Undefined if the application is not quiesced. */
  readonly freeze: Freeze | undefined;
}

export type ExecutorAction =
  /** Wait for a change, or until `until`. */
  | { readonly do: 'wait'; readonly until: Date | undefined; readonly why: string }
  /** Create the Job, and write a condition about it. */
  | { readonly do: 'ensure-job' }
  /** Carry the session out in this process. */
  | { readonly do: 'run'; readonly replacing: Holder | undefined }
  /**
   * Remove the holder annotation of a dead executor, so that the Job's pod need not wait until the holder counts as
   * dead.
   */
  | { readonly do: 'give-back'; readonly holder: Holder }
  /**
   * Take the session over from an executor that has not thawed the application in time, thaw it, and end the session if
   * any object was created.
   */
  | { readonly do: 'thaw'; readonly why: string }
  /** Stop the executor, which then thaws the application and gives the session back. */
  | { readonly do: 'stop-executor'; readonly why: string }
  /** Take the session over, thaw the application, and write the final status. */
  | { readonly do: 'end'; readonly end: SessionEnd; readonly replacing: Holder | undefined };

const executorActions: Readonly<Record<ExecutorAction['do'], true>> = {
  ...{ wait: true, 'ensure-job': true, run: true, 'give-back': true },
  ...{ thaw: true, 'stop-executor': true, end: true },
};

export function isExecutorAction(action: { readonly do: string }): action is ExecutorAction {
  return Object.hasOwn(executorActions, action.do);
}

/** How long a Job may run after its session has ended: its process ends the session shortly before the pod ends. */
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
        const why = `no executor thawed the application within ${formatDuration(at.freeze.lastsMs)}`;
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

/** Decides as if the application were not quiesced. */
function decideUnfrozen(world: ExecutorWorld, at: Circumstances): ExecutorAction {
  const { now, job, jobName, here } = world;
  const last = new Date(at.deadline.getTime() + executorGraceMs);
  const lastVacant = new Date(at.deadline.getTime() + vacantGraceMs);
  if (here === 'running') {
    const lastHere = new Date(at.deadline.getTime() + ownGraceMs);
    const stop = at.disruption ?? (now >= lastHere ? 'the deadline has passed' : undefined);
    if (stop !== undefined) return { do: 'stop-executor', why: stop };
    return { do: 'wait', until: lastHere, why: 'this operator carries the session out' };
  }
  if (here === 'queued' && at.disruption === undefined && now < lastVacant) {
    return { do: 'wait', until: lastVacant, why: 'queued' };
  }
  const life = holderLife(world, now);
  if (life.state === 'living') {
    const { holder, ofJob } = life;
    const stop = at.disruption ?? (now >= last ? 'the deadline has passed' : undefined);
    if (ofJob && job && stop !== undefined && job.metadata.deletionTimestamp === undefined) {
      return { do: 'stop-executor', why: stop };
    }
    if (ofJob && job && isOwn(job, world.session) && !world.ensured) return { do: 'ensure-job' };
    const until = ofJob && now < last && last < life.until ? last : life.until;
    return { do: 'wait', until, why: `${holder.id} carries the session out` };
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
    const late = () => {
      if (here === 'queued') return end('late', 'it was queued until then');
      return end(
        'late',
        at.begun ? 'its executor stopped, and no other took over' : 'no executor started it',
      );
    };
    if (world.runSessions === 'in-process') return now >= lastVacant ? late() : { do: 'run', replacing };
    if (world.ensured) return end('disrupted', `job ${jobName} was deleted`);
    if (now >= lastVacant) return late();
    return replacing ? { do: 'give-back', holder: replacing } : { do: 'ensure-job' };
  }
  if (!isOwn(job, world.session))
    return end('not-ensured', `job ${jobName} exists and was not created for this session`);
  const state = jobState(job, world.pods);
  switch (state.state) {
    case 'failed':
      return end('disrupted', `job ${jobName} failed: ${state.why}`);
    case 'succeeded':
      return end('disrupted', `job ${jobName} ended without finishing the session`);
    case 'running':
    case 'waiting': {
      const why = state.state === 'running' ? `pod ${state.pod} of its job is running` : state.why;
      // A running pod is about to take the session and end it by itself. A pod that does not run yet would be too late.
      const until = state.state === 'running' ? last : lastVacant;
      if (now >= until) return end('late', `job ${jobName}: ${why}`);
      if (!world.ensured) return { do: 'ensure-job' };
      return { do: 'wait', until, why };
    }
    default:
      return assertNever(state);
  }
}

function isOwn(job: Stored<Job>, session: Session): boolean {
  return job.metadata.ownerReferences?.some(({ uid }) => uid === session.metadata.uid) ?? false;
}

/** Whether the Job is neither complete, failed nor being deleted. */
export function isJobUnfinished({ metadata, status }: Job): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  return !(status?.conditions ?? []).some(
    ({ type, status: told }) =>
      told === 'True' && (type === jobCondition.complete || type === jobCondition.failed),
  );
}
