/** Pods of a workload: creates, deletes and counts them. */
import { createHash } from 'node:crypto';

import type { Condition, KubernetesObject, Pod, PodTemplate, Stored } from '#src/api/kubernetes.ts';
import { pods, type Resource } from '#src/api/resources.ts';
import { timestamp } from '#src/sandbox/api-server/object.ts';

import { hasReason } from './reconciler.ts';
import type { World } from './world.ts';
import { controllerReference, deleteSeen, isControlledBy } from './writes.ts';

/** How many pods the real controllers create in one go. */
export const burst = 500;

export function ownedPods(world: World, owner: Stored<KubernetesObject>): Stored<Pod>[] {
  return world.pods.list(owner.metadata.namespace).filter((pod) => isControlledBy(pod, owner));
}

/** Returns true if the pod counts for its workload: it has not ended and is not terminating. */
export function isActive({ metadata, status }: Pod): boolean {
  return (
    metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
  );
}

export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

/** Creates a pod of the owner. The caller records the Event. */
export async function makePod(
  world: World,
  resource: Resource,
  owner: Stored<KubernetesObject>,
  template: PodTemplate,
  naming: { name: string } | { generateName: string },
): Promise<Stored<Pod>> {
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...naming,
      ...(owner.metadata.namespace !== undefined && { namespace: owner.metadata.namespace }),
      ...(template.metadata?.labels && { labels: template.metadata.labels }),
      ...(template.metadata?.annotations && { annotations: template.metadata.annotations }),
      ...(template.metadata?.finalizers && { finalizers: template.metadata.finalizers }),
      ownerReferences: [controllerReference(resource, owner)],
    },
    spec: template.spec,
  };
  return world.pods.observe(await world.cluster.create(pods, body));
}

/** Creates a pod and records an Event, in the words of all controllers but the StatefulSet controller. */
export async function createPod(...given: Parameters<typeof makePod>): Promise<void> {
  const [world, resource, owner] = given;
  const pod = await makePod(...given).catch((error: unknown) => {
    if (!hasReason(error, 'AlreadyExists'))
      world.event(resource, owner, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
    throw error;
  });
  world.event(resource, owner, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export async function deletePod(
  world: World,
  resource: Resource,
  owner: Stored<KubernetesObject>,
  pod: Stored<Pod>,
): Promise<void> {
  await deleteSeen(world.cluster, pods, pod);
  world.event(resource, owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
}

/** Returns ten letters and digits that identify a pod template. */
export function templateHash(template: PodTemplate): string {
  const digest = createHash('sha256').update(JSON.stringify(template)).digest('hex');
  return digest.slice(0, 10);
}

export function withLabel(template: PodTemplate, key: string, value: string): PodTemplate {
  const labels = { ...template.metadata?.labels, [key]: value };
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** Returns the conditions with one of them replaced. Its transition time changes only with its status. */
export function withCondition(
  conditions: readonly Condition[],
  condition: Omit<Condition, 'lastTransitionTime'>,
  now: Date,
): Condition[] {
  const before = conditions.find(({ type }) => type === condition.type);
  const since = before?.status === condition.status ? before.lastTransitionTime : undefined;
  const lastTransitionTime = since ?? timestamp(now);
  return [...conditions.filter(({ type }) => type !== condition.type), { ...condition, lastTransitionTime }];
}

/** Enqueues the owner whenever one of its dependents changes. */
export function enqueueOwner(
  kind: string,
  enqueue: (name: string, namespace: string | undefined) => void,
): (dependent: Stored<KubernetesObject>) => void {
  return ({ metadata }) => {
    const owner = metadata.ownerReferences?.find((reference) => reference.controller === true);
    if (owner?.kind === kind) enqueue(owner.name, metadata.namespace);
  };
}
