/** Sets the owners of a StatefulSet's claims, according to its persistentVolumeClaimRetentionPolicy. */
import type { OwnerReference, Pod, PersistentVolumeClaim, Stored, Workload } from '#src/api/kubernetes.ts';
import { apiVersionOf, pods, statefulSets, type Resource } from '#src/api/resources.ts';

import { controllerReference } from './writes.ts';

type Set = Stored<Workload>;

/** A replica of a StatefulSet; its pod may not exist yet. */
export interface Replica {
  readonly podName: string;
  readonly pod: Stored<Pod> | undefined;
  /** The StatefulSet wants fewer replicas, so this one is being removed. */
  readonly isSurplus: boolean;
}

/**
 * Returns the owner references that the replica's claim should have. Returns undefined if they are correct,
 * or if the controller must not change them.
 */
export function ownersToSet(
  { metadata: { ownerReferences: present = [] } }: PersistentVolumeClaim,
  set: Set,
  replica: Replica,
): OwnerReference[] | undefined {
  if (present.some((it) => isOfEarlierSet(it, set) || isOfEarlierPod(it, replica))) return undefined;
  const others = present.filter((it) => !isOf(it, statefulSets, set) && !isPod(it, replica));
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = policyOf(set);
  const wanted: OwnerReference[] = [];
  if (whenScaled === 'Delete' && replica.isSurplus) {
    if (replica.pod) wanted.push(controllerReference(pods, replica.pod));
  } else if (whenDeleted === 'Delete') wanted.push(controllerReference(statefulSets, set));
  const owners = others.some(({ controller }) => controller === true) ? others : [...others, ...wanted];
  const isRight =
    owners.length === present.length &&
    owners.every((it) =>
      present.some(({ uid, controller }) => uid === it.uid && controller === it.controller),
    );
  return isRight ? undefined : owners;
}

/**
 * Returns true if the claim is being deleted with an earlier pod of the replica: the next pod has to wait for
 * that.
 */
export function isStale({ metadata }: PersistentVolumeClaim, set: Set, replica: Replica): boolean {
  if (policyOf(set).whenScaled !== 'Delete') return false;
  return metadata.ownerReferences?.some((it) => isOfEarlierPod(it, replica)) === true;
}

function policyOf({ spec }: Set) {
  return spec.persistentVolumeClaimRetentionPolicy ?? {};
}

function isOfEarlierSet(reference: OwnerReference, set: Set): boolean {
  return isOf(reference, statefulSets, set) && reference.uid !== set.metadata.uid;
}

function isOfEarlierPod(reference: OwnerReference, replica: Replica): boolean {
  return isPod(reference, replica) && reference.uid !== replica.pod?.metadata.uid;
}

function isPod(reference: OwnerReference, { podName }: Replica): boolean {
  return isOf(reference, pods, { metadata: { name: podName } });
}

function isOf(
  { apiVersion, kind, name }: OwnerReference,
  resource: Resource,
  owner: { metadata: { name: string } },
): boolean {
  return apiVersion === apiVersionOf(resource) && kind === resource.kind && name === owner.metadata.name;
}
