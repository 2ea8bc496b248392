/** Which workloads use which claims: by the volumes of their pod templates, by claim templates, and by pods. */
import type { KubernetesObject, Pod, Stored } from '#src/api/kubernetes.ts';
import { mostClaimsPerSession } from '#src/domain/spec-limits.ts';
import {
  claimsOfPod,
  claimsOfTarget,
  stemOf,
  templateStems,
  type TargetObject,
} from '#src/domain/workload/claims.ts';
import { readWorkload, targetTypes } from '#src/domain/workload/kinds.ts';
import { controllerOf } from '#src/domain/workload/owned-pods.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

import { claimKey, type HeldClaim } from './held-claim.ts';

/** Any kind of object that controls pods, or a pod without a controller. */
export interface ClaimUser {
  readonly kind: string;
  readonly name: string;
  /** A StatefulSet that was scaled down: it has left the claim behind, and no session of it takes a snapshot of it. */
  readonly leftBehind?: true;
}

/** All in one namespace or in several; of each object, only what `trim.ts` keeps is read. */
export interface UsersScene {
  readonly workloads: readonly TargetObject[];
  readonly pods: readonly Stored<Pod>[];
}

export type UsersOf = (claim: Pick<HeldClaim, 'namespace' | 'name'>) => readonly ClaimUser[];

export function claimUsers({ workloads, pods }: UsersScene): UsersOf {
  const byClaim = new Map<string, ClaimUser[]>();
  const byStem = new Map<string, ClaimUser[]>();
  for (const workload of workloads) {
    if (controllerOf(workload.object) !== undefined) continue;
    const { name = '' } = workload.object.metadata;
    const user = { kind: workload.kind, name };
    const claims = claimsOfTarget(workload, { claims: [], pods: [] }, mostClaimsPerSession);
    const named = 'value' in claims ? claims.value : [];
    for (const claim of named) addUser(byClaim, placed(workload.object, claim.name), user);
    const isDown = readWorkload(workload.kind, workload.object)?.wantedPods === 0;
    const templated = isDown ? user : ({ ...user, leftBehind: true } as const);
    for (const stem of templateStems(workload)) addUser(byStem, placed(workload.object, stem), templated);
  }
  const owners = new Map(
    workloads.map(({ kind, object }) => [placed(object, ownName(kind, object)), object]),
  );
  for (const pod of pods) {
    const user = userOfPod(pod, owners);
    for (const { name } of claimsOfPod(pod)) addUser(byClaim, placed(pod, name), user);
  }
  return ({ namespace, name }) => {
    const stem = stemOf(name);
    const templated = stem === undefined ? undefined : byStem.get(claimKey(namespace, stem));
    const named = byClaim.get(claimKey(namespace, name));
    const users = [...(templated ?? []), ...(named ?? [])];
    if (users.length < 2) return users;
    return [...new Map(users.map((user) => [formatTarget(user), user])).values()];
  };
}

/** The workload that a user would name: of a Deployment's pod not the ReplicaSet between them. */
function userOfPod(pod: Stored<Pod>, owners: ReadonlyMap<string, KubernetesObject>): ClaimUser {
  const owner = controllerOf(pod);
  if (owner === undefined) return { kind: 'Pod', name: pod.metadata.name };
  const user = { kind: owner.kind, name: owner.name };
  const between = Object.values(targetTypes).some(({ podsThrough }) => podsThrough?.kind === owner.kind);
  const found = between ? owners.get(placed(pod, formatTarget(user))) : undefined;
  const above = found && controllerOf(found);
  return above ? { kind: above.kind, name: above.name } : user;
}

function ownName(kind: string, { metadata: { name = '' } }: KubernetesObject): string {
  return formatTarget({ kind, name });
}

function placed({ metadata }: KubernetesObject, name: string): string {
  return claimKey(metadata.namespace, name);
}

function addUser(users: Map<string, ClaimUser[]>, key: string, user: ClaimUser): void {
  const known = users.get(key);
  if (known) known.push(user);
  else users.set(key, [user]);
}
