/**
 * Writes of controllers: conditional on the version they read, idempotent, and visible in the mirror at once.
 */
import { isDeepStrictEqual } from 'node:util';

import type { KubernetesObject, OwnerReference, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster, DeleteOptions } from '#src/cluster/port.ts';

import type { Mirror } from './mirror.ts';
import { hasReason } from './reconciler.ts';

type At = Pick<Stored<KubernetesObject>['metadata'], 'name' | 'namespace'>;

/** Merges `patch` into the object as it was read. Rejects with Conflict if it has changed since. */
export async function patchSeen<T extends KubernetesObject>(
  cluster: Cluster,
  mirror: Mirror<T>,
  seen: Stored<T>,
  patch: { metadata?: object; spec?: object },
): Promise<Stored<T>> {
  const { resourceVersion } = seen.metadata;
  const body = { ...patch, metadata: { ...patch.metadata, resourceVersion } };
  return mirror.observe(await cluster.patch(mirror.resource, at(seen), body));
}

/** Replaces the status if it differs. The caller has to keep the conditions' transition times. */
export async function setStatus<T extends KubernetesObject & { status?: object }>(
  cluster: Cluster,
  mirror: Mirror<T>,
  seen: Stored<T>,
  status: T['status'],
): Promise<Stored<T>> {
  if (isDeepStrictEqual(plain(seen.status ?? {}), plain(status ?? {}))) return seen;
  const patch = [
    { op: 'replace', path: '/metadata/resourceVersion', value: seen.metadata.resourceVersion },
    { op: 'add', path: '/status', value: status },
  ];
  return mirror.observe(
    await cluster.patch(mirror.resource, at(seen), patch, { type: 'json', subresource: 'status' }),
  );
}

/** Returns the value as JSON transports it: without undefined properties. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Replaces the finalizers. Rejects with Conflict if the object has changed since it was read. */
export async function setFinalizers<T extends KubernetesObject>(
  cluster: Cluster,
  mirror: Mirror<T>,
  seen: Stored<T>,
  finalizers: readonly string[],
): Promise<void> {
  await ignoring('NotFound', patchSeen(cluster, mirror, seen, { metadata: { finalizers } }));
}

/** Creates the object; does nothing if it exists. */
export async function ensure<T extends KubernetesObject>(
  cluster: Cluster,
  mirror: Mirror<T>,
  object: T,
): Promise<Stored<T>> {
  try {
    return mirror.observe(await cluster.create(mirror.resource, object));
  } catch (error) {
    if (!hasReason(error, 'AlreadyExists')) throw error;
    const { name = '', namespace } = object.metadata;
    return mirror.observe(await cluster.get(mirror.resource, name, namespace));
  }
}

/** Deletes this very object, not a later one of the same name; does nothing if it is gone. */
export async function deleteSeen(
  cluster: Cluster,
  resource: Resource,
  seen: Stored<KubernetesObject>,
  options: DeleteOptions = {},
): Promise<void> {
  const { uid } = seen.metadata;
  await ignoring(
    'NotFound',
    cluster.delete(resource, at(seen), { propagation: 'Background', ...options, uid }),
  );
}

/** Waits for the write, and ignores its failure with this reason. */
export async function ignoring(reason: string, write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!hasReason(error, reason)) throw error;
  }
}

function at({ metadata }: Stored<KubernetesObject>): At {
  const { name, namespace } = metadata;
  return { name, ...(namespace !== undefined && { namespace }) };
}

export function controllerReference(resource: Resource, owner: Stored<KubernetesObject>): OwnerReference {
  return {
    apiVersion: resource.group === '' ? resource.version : `${resource.group}/${resource.version}`,
    kind: resource.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

export function isControlledBy(object: KubernetesObject, owner: Stored<KubernetesObject>): boolean {
  const { ownerReferences = [] } = object.metadata;
  return ownerReferences.some(({ uid, controller }) => controller === true && uid === owner.metadata.uid);
}
