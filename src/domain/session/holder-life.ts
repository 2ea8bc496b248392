/** Judges whether a session's holder is alive, by its renewals and, for a pod of a Job, by the state of the pod. */
import type { Pod, Stored } from '#src/api/kubernetes.ts';

import { lifeLeft, type Holder, type Sighting } from './holder.ts';
import { isPodOver } from './job-state.ts';

export type HolderLife =
  /** No executor holds the session. */
  | { readonly state: 'none' }
  /**
   * `ofJob`: the holder is a pod of the session's Job. `until`: when the holder counts as dead, unless it renews
   * before.
   */
  | { readonly state: 'living'; readonly holder: Holder; readonly ofJob: boolean; readonly until: Date }
  | { readonly state: 'dead'; readonly holder: Holder }
  /**
   * The holder is a pod of the Job, and the cache does not have this pod: it is gone, or has not reached the cache yet.
   */
  | { readonly state: 'gone'; readonly holder: Holder; readonly until: Date };

/** The API server truncates a pod's generateName to so many characters. */
const podNameStem = 58;

/** Whether Kubernetes may have given `name` to a pod of this Job. */
export function isPodNameOf(name: string, jobName: string): boolean {
  return name.startsWith(`${jobName}-`.slice(0, podNameStem));
}

/** `pods` are the Job's pods, as far as the cache has them. */
export function holderLife(
  { sighting, jobName, pods }: { sighting: Sighting; jobName: string; pods: readonly Stored<Pod>[] },
  now: Date,
): HolderLife {
  const { holder } = sighting;
  if (holder === undefined) return { state: 'none' };
  const left = lifeLeft(sighting, now);
  if (left <= 0) return { state: 'dead', holder };
  const until = new Date(now.getTime() + left);
  if (!isPodNameOf(holder.id, jobName)) return { state: 'living', holder, ofJob: false, until };
  const pod = pods.find(({ metadata }) => metadata.name === holder.id);
  if (pod === undefined) return { state: 'gone', holder, until };
  return isPodOver(pod) ? { state: 'dead', holder } : { state: 'living', holder, ofJob: true, until };
}
