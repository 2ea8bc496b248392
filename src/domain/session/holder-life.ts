/** Whether whoever holds a session lives, where it may be the pod of a Job. */
import type { Pod, Stored } from '#src/api/kubernetes.ts';

import { lifeLeft, type Holder, type Sighting } from './holder.ts';
import { isPodOver } from './job-state.ts';

export type HolderLife =
  | { readonly state: 'nobody' }
  /** `ofJob`: it is a pod of the session's Job. `until`: dead from then on, unless it is heard of. */
  | { readonly state: 'living'; readonly holder: Holder; readonly ofJob: boolean; readonly until: Date }
  | { readonly state: 'dead'; readonly holder: Holder }
  /** A pod of the Job that is not seen any more: dead, unless it is only not seen yet. */
  | { readonly state: 'gone'; readonly holder: Holder; readonly until: Date };

/** Kubernetes cuts what it makes a pod's name of. */
const podNameStem = 58;

/** Whether `name` is one that Kubernetes gives to a pod of this Job. */
export function isPodNameOf(name: string, jobName: string): boolean {
  return name.startsWith(`${jobName}-`.slice(0, podNameStem));
}

/** `pods`: those of the Job, as far as they are seen. */
export function holderLife(
  { sighting, jobName, pods }: { sighting: Sighting; jobName: string; pods: readonly Stored<Pod>[] },
  now: Date,
): HolderLife {
  const { holder } = sighting;
  if (holder === undefined) return { state: 'nobody' };
  const left = lifeLeft(sighting, now);
  if (left <= 0) return { state: 'dead', holder };
  const until = new Date(now.getTime() + left);
  if (!isPodNameOf(holder.id, jobName)) return { state: 'living', holder, ofJob: false, until };
  const pod = pods.find(({ metadata }) => metadata.name === holder.id);
  if (pod === undefined) return { state: 'gone', holder, until };
  return isPodOver(pod) ? { state: 'dead', holder } : { state: 'living', holder, ofJob: true, until };
}
