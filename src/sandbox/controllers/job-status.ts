/** PURE. Computes a Job's status from its pods, its spec and the time. */
import type { Condition, Job, Pod, Stored } from '#src/api/kubernetes.ts';
import { timestamp } from '#src/sandbox/api-server/object.ts';

import type { JobPods, Verdict } from './job-pods.ts';
import { isReady, withCondition } from './owned-pods.ts';

/** What the controller has to remember about a running Job, because no object stores it. */
export interface Memory {
  /** UIDs of pods that the status counts and that still have the finalizer. */
  readonly counted: ReadonlySet<string>;
  /** Number of failures since the last success. */
  readonly failures: number;
  /** Milliseconds since the epoch. */
  readonly lastFailure: number;
}

export interface Counts {
  readonly succeeded: number;
  readonly failed: number;
}

/** Returns the counts, with the pods that have ended since. */
export function count(
  { status }: Job,
  { succeeded, failed }: JobPods,
  memory: Memory,
  now: Date,
): { counts: Counts; memory: Memory } {
  const isNew = ({ metadata }: Stored<Pod>): boolean => !memory.counted.has(metadata.uid);
  const [newSucceeded, newFailed] = [succeeded.filter(isNew).length, failed.filter(isNew).length];
  return {
    counts: {
      succeeded: (status?.succeeded ?? 0) + newSucceeded,
      failed: (status?.failed ?? 0) + newFailed,
    },
    memory: {
      counted: new Set([...succeeded, ...failed].map(({ metadata }) => metadata.uid)),
      failures: (newSucceeded > 0 ? 0 : memory.failures) + newFailed,
      lastFailure: newFailed > 0 ? now.getTime() : memory.lastFailure,
    },
  };
}

/** Returns how many pods should be active. */
export function wantedPods({ spec }: Job, active: number, succeeded: number): number {
  if (spec?.suspend === true) return 0;
  const { parallelism = 1, completions } = spec ?? {};
  if (completions === undefined) return succeeded > 0 ? active : parallelism;
  return Math.max(0, Math.min(completions - succeeded, parallelism));
}

/** Returns true if enough pods have succeeded: one is enough for a Job without `completions`. */
export function isComplete({ spec }: Job, succeeded: number): boolean {
  return succeeded >= (spec?.completions ?? 1);
}

export function wasSuspended({ status }: Job): boolean {
  return status?.conditions?.some((it) => it.type === 'Suspended' && it.status === 'True') === true;
}

/** Returns the start time of the Job's current run: none while suspended, a new one after it is resumed. */
export function startOf(job: Job, now: Date): string | undefined {
  if (job.spec?.suspend === true) return undefined;
  return wasSuspended(job) ? timestamp(now) : (job.status?.startTime ?? timestamp(now));
}

/** Returns the verdict that the status already contains. */
export function targetOf({ status }: Job): Verdict | undefined {
  for (const type of ['SuccessCriteriaMet', 'FailureTarget'] as const) {
    const found = status?.conditions?.find((it) => it.type === type && it.status === 'True');
    if (found) return { type, reason: found.reason ?? '', message: found.message ?? '' };
  }
  return undefined;
}

export interface Progress {
  readonly pods: JobPods;
  readonly counts: Counts;
  readonly startTime: string | undefined;
  readonly verdict: Verdict | undefined;
  /** The Job has its final state: no pod is left. */
  readonly isOver: boolean;
}

/** Returns the Job's new status. */
export function statusOf(job: Job, progress: Progress, now: Date): NonNullable<Job['status']> {
  const { pods, counts, startTime, verdict, isOver } = progress;
  const conditions = conditionsOf(job, progress, now);
  const active = pods.active.length;
  return {
    ...(conditions.length > 0 && { conditions }),
    ...(startTime !== undefined && { startTime }),
    ...(isOver && verdict?.type === 'SuccessCriteriaMet' && { completionTime: timestamp(now) }),
    ...(active > 0 && { active }),
    ...(counts.succeeded > 0 && { succeeded: counts.succeeded }),
    ...(counts.failed > 0 && { failed: counts.failed }),
    ready: pods.active.filter(isReady).length,
    terminating: pods.terminating.length,
    uncountedTerminatedPods: {},
  };
}

function conditionsOf({ spec, status }: Job, { verdict, isOver }: Progress, now: Date): Condition[] {
  const before = status?.conditions ?? [];
  const found: Omit<Condition, 'lastTransitionTime'>[] = [];
  if (verdict) {
    const { type, reason, message } = verdict;
    const final = type === 'SuccessCriteriaMet' ? 'Complete' : 'Failed';
    found.push({ type, status: 'True', reason, message });
    if (isOver) found.push({ type: final, status: 'True', reason, message });
  } else if (spec?.suspend === true) {
    found.push({ type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' });
  } else if (before.some(({ type }) => type === 'Suspended')) {
    found.push({ type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' });
  }
  return found.reduce((all, condition) => withCondition(all, condition, now), [...before]);
}
