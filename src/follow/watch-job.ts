/** Watches the Job of a session and its pods. Shows less to a user who may not read them. */
import type { Pod, Stored } from '#src/api/kubernetes.ts';
import { jobs, pods } from '#src/api/resources.ts';
import { byName } from '#src/cluster/by-name.ts';
import type { Loop } from '#src/cluster/loop.ts';
import { observe } from '#src/cluster/observe.ts';
import { orUntil } from '#src/cluster/or-until.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { after, type Clock } from '#src/domain/clock.ts';
import { failedContainers } from '#src/domain/session/failed-containers.ts';
import { jobState } from '#src/domain/session/job-state.ts';
import { failedJobGraceMs } from '#src/domain/session/patience.ts';
import type { Verdict } from '#src/domain/session/progress.ts';

import { deletedNote, goesOn, isOfOurOperator, jobNotes, jobVerdict, type JobSeen } from './job.ts';
import { readFailedContainerLogs } from './failed-container-logs.ts';

export interface JobWatch {
  readonly name: string;
  /** `over`: the session is final, so leave out what its Job is doing. */
  readonly notes: (over: boolean) => string[];
  /** Returns `job j waits: pod p cannot be scheduled`. Undefined if the Job does not wait, or does not exist. */
  readonly waits: () => string | undefined;
  /** Whether the Job has or creates a pod that continues the session, so that no executor has to take over. */
  readonly goesOn: () => boolean;
  /** Returns the verdict of a failed Job. Undefined while our operator still has time to write the session's end. */
  readonly verdict: (now: Date) => Verdict | undefined;
  /**
   * The time at which `verdict` changes without any event, in milliseconds since the epoch. Infinity if it never does.
   */
  readonly verdictAt: () => number;
  /** Reads the pods once more, and waits at most two seconds for their logs. Call this before the verdict is shown. */
  readonly settled: () => Promise<void>;
}

const logsWithinMs = 2_000;

export function watchJob(
  { cluster, clock }: { readonly cluster: Cluster; readonly clock: Clock },
  at: { readonly jobName: string; readonly namespace: string },
  { signal, ring, race }: Pick<Loop, 'signal' | 'ring' | 'race'>,
): JobWatch {
  const { jobName, namespace } = at;
  const observedJobs = observe(cluster, jobs, byName({ name: jobName, namespace }), signal, ring);
  // Kubernetes sets this older label as well as `batch.kubernetes.io/job-name`.
  const ofJob = { namespace, labelSelector: `job-name=${jobName}` };
  const observedPods = observe(cluster, pods, ofJob, signal, ring);
  let known: ReadonlyMap<string, Stored<Pod>> | undefined;
  observedPods.synced.then(
    () => {
      known = observedPods.items;
      ring();
    },
    () => undefined,
  );
  const logs = readFailedContainerLogs(cluster, namespace, ring);
  let failedSince: Date | undefined;

  const look = (): JobSeen => {
    const job = observedJobs.items.get(jobName);
    const seen = known && observedPods.failure() === undefined ? [...known.values()] : undefined;
    if (job && seen) logs.look(failedContainers(job, seen));
    return { job, pods: seen };
  };

  /** The watch may deliver a Job's failure before that of its pod. */
  const lookAgain = async () => {
    const { items } = await cluster.list(pods, ofJob);
    known = new Map([...(known ?? []), ...items.map((pod) => [pod.metadata.name, pod] as const)]);
    look();
    await logs.settled();
  };

  return {
    name: jobName,
    notes: (over) => {
      const seen = look();
      if (over) return logs.notes();
      const gone = seen.job === undefined && observedJobs.deleted.has(jobName);
      return [...jobNotes(seen), ...(gone ? [deletedNote(jobName)] : []), ...logs.notes()];
    },
    waits: () => {
      const seen = look();
      return seen.job && jobState(seen.job, seen.pods ?? []).state === 'waiting'
        ? jobNotes(seen)[0]
        : undefined;
    },
    goesOn: () => goesOn(look()),
    verdict: (now) => {
      const seen = look();
      const verdict = jobVerdict(seen);
      failedSince = verdict && (failedSince ?? now);
      if (failedSince === undefined || !isOfOurOperator(seen)) return verdict;
      return now.getTime() >= failedSince.getTime() + failedJobGraceMs ? verdict : undefined;
    },
    verdictAt: () => (failedSince === undefined ? Infinity : failedSince.getTime() + failedJobGraceMs),
    settled: async () => {
      if (observedJobs.items.get(jobName) === undefined) return;
      const again = lookAgain().catch(() => undefined);
      await race(orUntil(clock, after(clock, logsWithinMs), again));
    },
  };
}
