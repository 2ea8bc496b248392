/** Reads a Job's pods: which ones count as active, succeeded or failed, and when the next one is due. */
import type { Job, Pod, Stored } from '#src/api/kubernetes.ts';

import { isActive, ownedPods } from './owned-pods.ts';
import type { World } from './world.ts';

/** The finalizer that keeps a pod until its Job has counted it, even if the pod is deleted. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';

/** How a Job ends once its last pod is gone. */
export interface Verdict {
  readonly type: 'SuccessCriteriaMet' | 'FailureTarget';
  readonly reason: string;
  readonly message: string;
}

export interface JobPods {
  readonly all: Stored<Pod>[];
  readonly active: Stored<Pod>[];
  /** Deleted, but not ended yet. */
  readonly terminating: Stored<Pod>[];
  /** Not counted yet, or counted and still held by the finalizer. */
  readonly succeeded: Stored<Pod>[];
  readonly failed: Stored<Pod>[];
}

/** Returns the Job's pods by state, from the mirror. */
export function podsOf(world: World, job: Stored<Job>): JobPods {
  const all = ownedPods(world, job);
  const tracked = all.filter(({ metadata }) => metadata.finalizers?.includes(trackingFinalizer) === true);
  return {
    all,
    active: all.filter(isActive),
    terminating: all.filter(
      (pod) => pod.metadata.deletionTimestamp !== undefined && !isDone(pod) && !isLost(pod),
    ),
    succeeded: tracked.filter(({ status }) => status?.phase === 'Succeeded'),
    failed: tracked.filter((pod) => hasFailed(pod, job)),
  };
}

/** Returns the name of the Job that owns or owned a pod. */
export function jobNameOf({ metadata }: Pod): string | undefined {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner) return owner.kind === 'Job' ? owner.name : undefined;
  return metadata.finalizers?.includes(trackingFinalizer) === true
    ? metadata.labels?.['batch.kubernetes.io/job-name']
    : undefined;
}

/** Returns the RFC 3339 time at which the Job finished; undefined if it has not. */
export function isFinished({ status }: Job): string | undefined {
  const found = status?.conditions?.find(
    (it) => (it.type === 'Complete' || it.type === 'Failed') && it.status === 'True',
  );
  return found?.lastTransitionTime;
}

function isDone({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Deleted before it was scheduled: no node will report how it ended. */
function isLost({ metadata, spec }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined && spec.nodeName === undefined;
}

function hasFailed(pod: Pod, { spec }: Job): boolean {
  if (pod.status?.phase === 'Succeeded') return false;
  if (pod.status?.phase === 'Failed' || isLost(pod)) return true;
  return pod.metadata.deletionTimestamp !== undefined && spec?.podReplacementPolicy !== 'Failed';
}

/** Returns the verdict if the Job has failed, else undefined. */
export function failureOf(
  { spec }: Job,
  found: {
    readonly pods: readonly Pod[];
    readonly failed: number;
    readonly startTime: string | undefined;
    readonly now: Date;
  },
): Verdict | undefined {
  const { backoffLimit = 6, activeDeadlineSeconds, template } = spec ?? {};
  const restarts =
    template?.spec.restartPolicy === 'OnFailure' ? sum(found.pods.filter(isActive).map(restartsOf)) : 0;
  if (found.failed > backoffLimit || restarts >= Math.max(1, backoffLimit)) {
    return {
      type: 'FailureTarget',
      reason: 'BackoffLimitExceeded',
      message: 'Job has reached the specified backoff limit',
    };
  }
  if (activeDeadlineSeconds === undefined || found.startTime === undefined) return undefined;
  if (found.now.getTime() < Date.parse(found.startTime) + activeDeadlineSeconds * 1000) return undefined;
  return {
    type: 'FailureTarget',
    reason: 'DeadlineExceeded',
    message: 'Job was active longer than specified deadline',
  };
}

function restartsOf({ status }: Pod): number {
  return sum((status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, it) => total + it, 0);
}

const firstBackoff = 10_000;
const longestBackoff = 600_000;

/** Returns the milliseconds until a pod may replace the last failed one. */
export function backoffLeft(failures: number, lastFailure: number, now: Date): number {
  if (failures === 0) return 0;
  const backoff = Math.min(firstBackoff * 2 ** (failures - 1), longestBackoff);
  return Math.max(0, lastFailure + backoff - now.getTime());
}
