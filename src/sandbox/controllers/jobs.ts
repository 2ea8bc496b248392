/** Runs a Job's pods until enough have succeeded, too many have failed, or its deadline passes. */
import type { Job, Pod, Stored } from '#src/api/kubernetes.ts';
import { jobs } from '#src/api/resources.ts';

import {
  backoffLeft,
  failureOf,
  isFinished,
  jobNameOf,
  podsOf,
  trackingFinalizer,
  type JobPods,
  type Verdict,
} from './job-pods.ts';
import {
  count,
  isComplete,
  startOf,
  statusOf,
  targetOf,
  wantedPods,
  wasSuspended,
  type Memory,
  type Progress,
} from './job-status.ts';
import { createPod, deletePod } from './owned-pods.ts';
import type { Controller, World } from './world.ts';
import { deleteSeen, isControlledBy, setFinalizers, setStatus } from './writes.ts';

const emptyMemory: Memory = { counted: new Set(), failures: 0, lastFailure: 0 };
const success: Verdict = {
  type: 'SuccessCriteriaMet',
  reason: 'CompletionsReached',
  message: 'Reached expected number of succeeded pods',
};

export function jobController(world: World): Controller {
  const { cluster } = world;
  const memories = new Map<string, Memory>();

  async function reconcile(name: string, namespace: string | undefined): Promise<number | undefined> {
    const job = world.jobs.get(name, namespace);
    const finished = job && isFinished(job);
    for (const pod of world.pods.list(namespace).filter((it) => jobNameOf(it) === name)) {
      if (!job || finished !== undefined || !isControlledBy(pod, job)) await releasePod(pod);
    }
    if (!job) return undefined;
    if (finished === undefined) return run(job);
    memories.delete(job.metadata.uid);
    return expire(job, finished);
  }

  /** Deletes a finished Job when its time to live has passed. */
  async function expire(job: Stored<Job>, since: string): Promise<number | undefined> {
    const { ttlSecondsAfterFinished: seconds } = job.spec ?? {};
    if (seconds === undefined || job.metadata.deletionTimestamp !== undefined) return undefined;
    const left = Date.parse(since) + seconds * 1000 - world.now().getTime();
    if (left > 0) return left;
    await deleteSeen(cluster, jobs, job, { propagation: 'Foreground' });
    return undefined;
  }

  async function run(job: Stored<Job>): Promise<number | undefined> {
    const now = world.now();
    const pods = podsOf(world, job);
    const { counts, memory } = count(job, pods, memories.get(job.metadata.uid) ?? emptyMemory, now);
    const startTime = startOf(job, now);
    const failure =
      targetOf(job) ?? failureOf(job, { pods: pods.all, failed: counts.failed, startTime, now });
    const [acted] = await Promise.allSettled([
      failure ? end(job, pods) : adjust(job, pods, counts.succeeded, memory),
    ]);
    const none = pods.active.length === 0;
    const verdict = failure ?? (none && isComplete(job, counts.succeeded) ? success : undefined);
    const isOver = verdict !== undefined && none && pods.terminating.length === 0;
    const progress = { pods: podsOf(world, job), counts, startTime, verdict, isOver };
    await setStatus(cluster, world.jobs, job, statusOf(job, progress, now));
    memories.set(job.metadata.uid, memory);
    for (const pod of [...pods.succeeded, ...pods.failed]) await releasePod(pod);
    tell(job, progress);
    if (acted.status === 'rejected') throw acted.reason;
    const deadline = job.spec?.activeDeadlineSeconds;
    const waits = acted.value === undefined ? [] : [acted.value];
    if (deadline !== undefined && startTime !== undefined && !isOver)
      waits.push(Date.parse(startTime) + deadline * 1000 - now.getTime());
    return waits.length > 0 ? Math.max(1, Math.min(...waits)) : undefined;
  }

  async function end(job: Stored<Job>, { active }: JobPods): Promise<undefined> {
    for (const pod of active) await deletePod(world, jobs, job, pod);
  }

  /**
   * Creates and deletes pods until the wanted number runs. Resolves with the milliseconds after which to
   * reconcile again.
   */
  async function adjust(
    job: Stored<Job>,
    pods: JobPods,
    succeeded: number,
    { failures, lastFailure }: Memory,
  ): Promise<number | undefined> {
    const { spec } = job;
    if (!spec || job.metadata.deletionTimestamp !== undefined) return undefined;
    const active = pods.active.length;
    const wanted = wantedPods(job, active, succeeded);
    // These pods have not failed; the Job does not need them any more.
    for (const pod of pods.active.slice(wanted)) {
      await releasePod(pod);
      await deletePod(world, jobs, job, pod);
    }
    const leaving = spec.podReplacementPolicy === 'Failed' ? pods.terminating.length : 0;
    const missing = wanted - active - leaving;
    if (missing <= 0) return undefined;
    const left = backoffLeft(failures, lastFailure, world.now());
    if (left > 0) return left;
    const { template } = spec;
    const metadata = {
      ...template.metadata,
      finalizers: [...(template.metadata?.finalizers ?? []), trackingFinalizer],
    };
    for (let made = 0; made < missing; made++) {
      await createPod(world, jobs, job, { ...template, metadata }, { generateName: `${job.metadata.name}-` });
    }
    return undefined;
  }

  async function releasePod(pod: Stored<Pod>): Promise<void> {
    const { finalizers = [] } = pod.metadata;
    if (!finalizers.includes(trackingFinalizer)) return;
    await setFinalizers(
      cluster,
      world.pods,
      pod,
      finalizers.filter((it) => it !== trackingFinalizer),
    );
  }

  function tell(job: Stored<Job>, { verdict, isOver }: Progress): void {
    const isSuspended = job.spec?.suspend === true;
    if (isOver && verdict?.type === 'SuccessCriteriaMet') {
      world.event(jobs, job, 'Normal', 'Completed', 'Job completed');
    } else if (isOver && verdict) {
      world.event(jobs, job, 'Warning', verdict.reason, verdict.message);
    } else if (!verdict && isSuspended !== wasSuspended(job)) {
      if (isSuspended) world.event(jobs, job, 'Normal', 'Suspended', 'Job suspended');
      else world.event(jobs, job, 'Normal', 'Resumed', 'Job resumed');
    }
  }

  return {
    mirror: world.jobs,
    reconcile,
    triggers(enqueue) {
      world.jobs.onChange(({ metadata: { name, namespace, uid } }) => {
        if (world.jobs.get(name, namespace)?.metadata.uid !== uid) memories.delete(uid);
      });
      world.pods.onChange((pod) => {
        const name = jobNameOf(pod);
        if (name !== undefined) enqueue(name, pod.metadata.namespace);
      });
    },
  };
}
