/** Deletes the Job that owns all objects of a probe. The garbage collector deletes the rest. */
import type { Job, Stored } from '#src/api/kubernetes.ts';
import { jobs, persistentVolumeClaims, pods, volumeSnapshots, type Resource } from '#src/api/resources.ts';
import { deleteSame } from '#src/cluster/delete-same.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { waitFor, type WaitEnvironment } from '#src/cluster/wait-for.ts';
import { after } from '#src/domain/clock.ts';
import { isLeftOver, probeSelector } from '#src/domain/probe/build-probe.ts';

const made: readonly Resource[] = [jobs, pods, persistentVolumeClaims, volumeSnapshots];
/** A driver deletes a small volume and its snapshot in less time. */
const longestMs = 2 * 60_000;

/** Safe to repeat. Needs no read, so that an interrupted command can do it. */
export function removeProbe(cluster: Cluster, job: Stored<Job>): Promise<void> {
  return deleteSame(cluster, jobs, job, { propagation: 'Background' });
}

/**
 * Resolves when nothing is left of the probe, or, after two minutes, with the objects that are left:
 * `persistentvolumeclaim/x`.
 */
export function untilRemoved(
  environment: Omit<WaitEnvironment, 'until'>,
  { name, namespace }: { readonly name: string; readonly namespace: string },
): Promise<readonly string[]> {
  const until = after(environment.clock, longestMs);
  return waitFor<readonly string[]>(environment, (watch) => {
    const scope = { namespace, labelSelector: probeSelector };
    const observed = made.map((resource) => ({ resource, items: watch(resource, scope).items }));
    return (now) => {
      const left = observed.flatMap(({ resource, items }) =>
        [...items.keys()]
          .filter((each) => each === name || each.startsWith(`${name}-`))
          .map((each) => `${resource.kind.toLowerCase()}/${each}`),
      );
      return left.length === 0 || now >= until ? { result: left } : { until };
    };
  });
}

/** Deletes probes of commands that have died, if Kubernetes has not done so. Resolves with the names of their Jobs. */
export async function removeLeftOvers(cluster: Cluster, namespace: string, now: Date): Promise<string[]> {
  const { items } = await cluster.list(jobs, { namespace, labelSelector: probeSelector });
  const left = items.filter((job) => job.spec?.ttlSecondsAfterFinished !== undefined && isLeftOver(job, now));
  for (const job of left) await removeProbe(cluster, job);
  return left.map(({ metadata }) => metadata.name);
}
