/** Creates, observes and deletes the Job of a session. */
import type { Job, Named, Pod, Stored } from '#src/api/kubernetes.ts';
import { jobs, pods } from '#src/api/resources.ts';
import { deleteSame } from '#src/cluster/delete-same.ts';
import { find } from '#src/cluster/find.ts';
import type { Holder } from '#src/domain/session/holder.ts';
import { isPodNameOf } from '#src/domain/session/holder-life.ts';
import { isPodOver } from '#src/domain/session/job-state.ts';
import { isStashError } from '#src/errors.ts';

import { oursOnly } from './caches.ts';
import type { Key } from './reconciler.ts';
import type { World } from './world.ts';

/** The cached pods of the Job of this name, even if the Job has been deleted. */
export function podsOfJob({ caches }: World, { namespace, name }: Key): Stored<Pod>[] {
  return [...caches.pods.list(namespace)].filter(({ metadata }) =>
    metadata.ownerReferences?.some((owner) => owner.kind === 'Job' && owner.name === name),
  );
}

/** Resolves with `made` if it created the Job, and with `foreign` if another owner's Job has the name. */
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

/** Stores the Job's pods in the cache as the API server holds them: the watch may lag. */
export async function learnPods({ cluster, caches }: World, { namespace, name }: Key): Promise<void> {
  // All versions of Kubernetes set this label; the one with the prefix batch.kubernetes.io/ is newer. A pod without the
  // label of our objects would stay in the cache for ever: the watch does not tell its deletion.
  const labelSelector = `job-name=${name},${oursOnly}`;
  const { items } = await cluster.list(pods, { namespace, labelSelector });
  for (const pod of items) caches.pods.learn(pod);
}

/** Deletes the Job; its pods get their grace period to thaw the application and to give the session back. */
export function deleteJob({ cluster }: World, job: Stored<Job>): Promise<void> {
  return deleteSame(cluster, jobs, job, { propagation: 'Background' });
}

/**
 * Whether the API server confirms that the Job and the pod that held the session are gone: one watch may lag behind
 * another. An object that still exists is stored in the cache.
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
