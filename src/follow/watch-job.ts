/** The Job of a session and its pods, as far as whoever follows may read them: a user who may not sees less. */
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
  /** `over`: the session is final, and what its Job does is of no interest any more. */
  readonly notes: (over: boolean) => string[];
  /** What it waits for: `job j waits: pod p cannot be scheduled`; undefined where it does not, or there is none. */
  readonly waits: () => string | undefined;
  /** It has a pod that goes on with the session, or makes one: nobody else has to. */
  readonly goesOn: () => boolean;
  /** A Job of our operator that failed leaves it some time to write the session's end. */
  readonly verdict: (now: Date) => Verdict | undefined;
  /** When `verdict` may change without the cluster's doing; Infinity: never. */
  readonly verdictAt: () => number;
  /** Before an end is told: looks at the pods once more, and waits a little for logs that are on their way. */
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
  // Kubernetes sets the label without a prefix beside the newer one.
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
  const words = readFailedContainerLogs(cluster, namespace, ring);
  let failedSince: Date | undefined;

  const look = (): JobSeen => {
    const job = observedJobs.items.get(jobName);
    const seen = known && observedPods.failure() === undefined ? [...known.values()] : undefined;
    if (job && seen) words.look(failedContainers(job, seen));
    return { job, pods: seen };
  };

  /** The news of a pod may come after those of its Job. */
  const lookAgain = async () => {
    const { items } = await cluster.list(pods, ofJob);
    known = new Map([...(known ?? []), ...items.map((pod) => [pod.metadata.name, pod] as const)]);
    look();
    await words.settled();
  };

  return {
    name: jobName,
    notes: (over) => {
      const seen = look();
      if (over) return words.notes();
      const gone = seen.job === undefined && observedJobs.deleted.has(jobName);
      return [...jobNotes(seen), ...(gone ? [deletedNote(jobName)] : []), ...words.notes()];
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
