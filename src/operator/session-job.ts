/** The Job of a session: made once, looked at, and deleted. */
import type { Job, Named, Pod, Stored } from '#src/api/kubernetes.ts';
import { jobs, pods } from '#src/api/resources.ts';
import { find } from '#src/cluster/find.ts';
import type { Holder } from '#src/domain/session/holder.ts';
import { isPodNameOf } from '#src/domain/session/holder-life.ts';
import { isPodOver } from '#src/domain/session/job-state.ts';
import { isStashError } from '#src/errors.ts';

import type { Key } from './reconciler.ts';
import type { World } from './world.ts';

/** Those of the Job of this name, whether it is still there or not. */
export function podsOfJob({ caches }: World, { namespace, name }: Key): Stored<Pod>[] {
  return [...caches.pods.list(namespace)].filter(({ metadata }) =>
    metadata.ownerReferences?.some((owner) => owner.kind === 'Job' && owner.name === name),
  );
}

/** `made`: just now. `foreign`: one of that name is there, and is not of this session. */
export async function ensureJob(
  { cluster, caches }: World,
  job: Named<Job>,
  sessionUid: string,
): Promise<'made' | 'there' | 'foreign'> {
  const { name, namespace = '' } = job.metadata;
  const isOwn = ({ metadata }: Job) =>
    metadata.ownerReferences?.some(({ uid }) => uid === sessionUid) ?? false;
  const known = caches.jobs.get(namespace, name);
  if (known && isOwn(known)) return 'there';
  try {
    caches.jobs.learn(await cluster.create(jobs, job));
    return 'made';
  } catch (error) {
    if (!isStashError(error, 'already-exists')) throw error;
  }
  const existing = await cluster.get(jobs, name, namespace);
  if (!isOwn(existing)) return 'foreign';
  caches.jobs.learn(existing);
  return 'there';
}

/** As the server has them: a watch may be behind. */
export async function learnPods({ cluster, caches }: World, { namespace, name }: Key): Promise<void> {
  // Kubernetes sets the label without a prefix beside the newer one.
  const { items } = await cluster.list(pods, { namespace, labelSelector: `job-name=${name}` });
  for (const pod of items) caches.pods.learn(pod);
}

/** Its pods get time to thaw and to let go. */
export async function deleteJob({ cluster }: World, { metadata }: Stored<Job>): Promise<void> {
  const { name, namespace, uid } = metadata;
  try {
    await cluster.delete(jobs, { name, namespace }, { uid, propagation: 'Background' });
  } catch (error) {
    if (!isStashError(error, 'not-found', 'conflict')) throw error;
  }
}

/**
 * Whether the server, too, says that a Job is gone, and that the pod that held the session is: one watch may be behind
 * another. What is there all the same is learned.
 */
export async function isReallyGone(
  { cluster, caches }: World,
  { namespace, name }: Key,
  holder: Holder | undefined,
): Promise<boolean> {
  if (caches.jobs.get(namespace, name) === undefined) {
    const job = await find(cluster, jobs, { namespace, name });
    if (job) {
      caches.jobs.learn(job);
      return false;
    }
  }
  if (holder === undefined || !isPodNameOf(holder.id, name)) return true;
  if (caches.pods.get(namespace, holder.id) !== undefined) return true;
  const pod = await find(cluster, pods, { namespace, name: holder.id });
  if (pod === undefined || isPodOver(pod)) return true;
  caches.pods.learn(pod);
  return false;
}
