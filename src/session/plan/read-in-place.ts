/** Reads the workloads, volumes and pods of the claims, for a restore in place and `undo`. */
import type {
  KubernetesObject,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Stored,
} from '#src/api/kubernetes.ts';
import { replicaSets } from '#src/api/resources.ts';
import { find } from '#src/cluster/find.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { failure, refuse } from '#src/domain/finding.ts';
import type { ClaimInPlace, UserPod } from '#src/domain/in-place/check-in-place.ts';
import { mounts } from '#src/domain/restore/claims-in-the-way.ts';
import type { TargetObject } from '#src/domain/workload/claims.ts';
import { readWorkload, targetTypes } from '#src/domain/workload/kinds.ts';
import { controllerOf, ownersToRead } from '#src/domain/workload/owned-pods.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';

import { orMissingNamespace, type NamespaceReader } from './namespace-reader.ts';

export interface ReadTarget extends TargetObject {
  readonly object: Stored<KubernetesObject>;
}

export async function readObject(
  reader: NamespaceReader,
  { kind, name, namespace }: Target,
): Promise<ReadTarget> {
  const { resource } = targetTypes[kind];
  return { kind, object: await orMissingNamespace(reader, reader.cluster.get(resource, name, namespace)) };
}

/** Reads the workloads of `--also`. */
export function readOthers(
  reader: NamespaceReader,
  also: readonly Pick<Target, 'kind' | 'name'>[],
): Promise<ReadTarget[]> {
  const { namespace } = reader;
  return Promise.all(also.map((each) => readOther(reader, { ...each, namespace })));
}

async function readOther(reader: NamespaceReader, target: Target): Promise<ReadTarget> {
  const read = await readObject(reader, target);
  if (readWorkload(read.kind, read.object) === undefined) {
    const why = `--also takes a workload, and ${formatTarget(target)} runs no pods`;
    refuse([
      failure('usage', why, { hint: 'name the workload that runs them, as in --also deployment/NAME' }),
    ]);
  }
  return read;
}

export async function podsWithClaims(reader: NamespaceReader): Promise<Stored<Pod>[]> {
  const pods = await reader.pods();
  return pods.filter(({ spec }) =>
    spec.volumes?.some(({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim ?? ephemeral),
  );
}

interface AroundClaims {
  readonly volumes: ReadonlyMap<string, Stored<PersistentVolume>> | undefined;
  readonly pods: readonly Stored<Pod>[];
  readonly owners: readonly Stored<KubernetesObject>[];
  /** The pods that the command may stop. */
  readonly ours: readonly Stored<Pod>[];
}

/** Returns the claim with its volume, and the pods that use it. */
export function claimInPlace(
  claim: Stored<PersistentVolumeClaim>,
  { volumes, pods, owners, ours }: AroundClaims,
): ClaimInPlace {
  const uids = new Set(ours.map(({ metadata }) => metadata.uid));
  return {
    claim,
    volume: volumes?.get(claim.spec.volumeName ?? ''),
    pods: pods
      .filter((pod) => mounts(pod, claim.metadata.name))
      .map((pod) => ({ pod, controller: rootOf(pod, owners), isOurs: uids.has(pod.metadata.uid) })),
  };
}

const readsInFlight = 16;

/** Reads the ReplicaSets that control a pod: a Deployment controls its pods through ReplicaSets. */
export async function readReplicaSets(
  { cluster, namespace }: NamespaceReader,
  pods: readonly Stored<Pod>[],
): Promise<Stored<KubernetesObject>[]> {
  const found: Stored<KubernetesObject>[] = [];
  await forEachBounded(ownersToRead('Deployment', pods), readsInFlight, async (name) => {
    const set = await find(cluster, replicaSets, { name, namespace });
    if (set) found.push(set);
  });
  return found;
}

function rootOf(pod: Stored<Pod>, owners: readonly Stored<KubernetesObject>[]): UserPod['controller'] {
  const controller = controllerOf(pod);
  const owner = owners.find(({ metadata }) => metadata.uid === controller?.uid);
  return (owner && controllerOf(owner)) ?? controller;
}
