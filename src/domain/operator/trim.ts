/**
 * Removes the fields that no reconciler reads: tenants write objects of any size, also with our labels, and the
 * operator caches those of all namespaces.
 */
import type { CronJob, Job, KubernetesObject, ObjectMeta, Pod, Stored } from '#src/api/kubernetes.ts';
import { outline, trimBookkeeping } from '#src/domain/outline.ts';

/** Keeps the pod without its annotations and its spec, except the node and the names of its containers. */
export function trimPod(pod: Stored<Pod>): Stored<Pod> {
  const { nodeName, containers } = pod.spec;
  return {
    ...outline(pod),
    metadata: owned(pod),
    spec: {
      ...(nodeName !== undefined && { nodeName }),
      containers: containers.map(({ name }) => ({ name })),
    },
    ...(pod.status && { status: pod.status }),
  };
}

/** Keeps the Job's identity, labels, owners and status. */
export function trimJob(job: Stored<Job>): Stored<Job> {
  return { ...outline(job), metadata: owned(job), ...(job.status && { status: job.status }) };
}

/**
 * Keeps the whole CronJob, because the operator compares it with the wanted one. Drops the spec of a CronJob that is
 * too large to be ours.
 */
export function trimCronJob(cronJob: Stored<CronJob>): Stored<CronJob> {
  const trimmed = trimBookkeeping(cronJob);
  if (sizeOf(trimmed) <= largestCronJob) return trimmed;
  const jobTemplate = { spec: { template: { spec: { containers: [] } } } };
  return { ...outline(cronJob), metadata: owned(cronJob), spec: { schedule: '', jobTemplate } };
}

/** Keeps the object's identity, version and timestamps only. */
export function trimToExistence(object: Stored<KubernetesObject>): Stored<KubernetesObject> {
  return outline(object);
}

/** Returns the length of the object as JSON, without its status, which the API server lets no tenant write. */
export function sizeOf(object: KubernetesObject): number {
  return JSON.stringify({ ...object, status: undefined }).length;
}

/** Room for runtime settings within the limit, and the rest of the CronJob. */
const largestCronJob = 65_536;
/** Controllers write fewer owners or labels. */
const mostEntries = 32;

function owned({
  apiVersion,
  kind,
  metadata,
}: Stored<KubernetesObject>): Stored<KubernetesObject>['metadata'] {
  const { labels, ownerReferences, generation }: ObjectMeta = metadata;
  return {
    ...outline({ apiVersion, kind, metadata }).metadata,
    ...(generation !== undefined && { generation }),
    ...(labels && { labels: Object.fromEntries(Object.entries(labels).slice(0, mostEntries)) }),
    ...(ownerReferences && { ownerReferences: ownerReferences.slice(0, mostEntries) }),
  };
}
