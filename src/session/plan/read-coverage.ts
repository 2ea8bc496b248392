/** Reads what `coverage` judges by, with the user's own rights. Of each object, only what it needs is kept. */
import type { KubernetesObject, Stored, Workload } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  backupSessions,
  persistentVolumeClaims,
  pods,
  volumeSnapshotClasses,
  type Resource,
} from '#src/api/resources.ts';
import type { Cluster, WatchScope } from '#src/cluster/port.ts';
import { isIgnored } from '#src/domain/coverage/claim-marks.ts';
import { claimSchedules } from '#src/domain/coverage/claim-schedule.ts';
import { claimUsers, type UsersOf } from '#src/domain/coverage/claim-users.ts';
import type { CoverageScene } from '#src/domain/coverage/coverage.ts';
import { claimKey, heldClaim, holdsData, type HeldClaim } from '#src/domain/coverage/held-claim.ts';
import { trimPod, trimSession, trimWorkload } from '#src/domain/coverage/trim.ts';
import { asListed } from '#src/domain/outline.ts';
import { claimOf } from '#src/domain/restore-points/snapshot-groups.ts';
import { workloadKey } from '#src/domain/restore-points/select-points.ts';
import { formatRight, type Right } from '#src/domain/rights.ts';
import { templateStems, type TargetObject } from '#src/domain/workload/claims.ts';
import { targetKinds, targetTypes, type TargetKind } from '#src/domain/workload/kinds.ts';
import type { LabelQuery } from '#src/domain/workload/label-query.ts';
import { isStashError } from '#src/errors.ts';

import { readNewestPoints } from './read-newest-points.ts';

export interface CoverageRead extends Omit<CoverageScene, 'now' | 'staleAfterMs'> {
  readonly ignored: number;
  /** What the user may not list. */
  readonly lacks: readonly Right[];
}

/** Kinds between a workload and its pods, as ReplicaSets are: a cluster has many, and few are needed. */
const between = new Set(targetKinds.flatMap((kind) => targetTypes[kind].podsThrough?.kind ?? []));
const isBetween = (kind: TargetKind) => between.has(targetTypes[kind].resource.kind);
const workloadKinds = targetKinds.filter((kind) => targetTypes[kind].readWorkload !== undefined);

/**
 * `namespace`: undefined for all. `query`: of the claim's labels and those of a workload that uses it.
 * Rejects if the user may not list claims or snapshots.
 */
export async function readCoverage(
  cluster: Cluster,
  namespace: string | undefined,
  query?: LabelQuery,
): Promise<CoverageRead> {
  const lacks: Right[] = [];
  const orLacking: OrLacking = async (resource, read) => {
    try {
      return await read();
    } catch (error) {
      if (isStashError(error, 'precondition', 'not-found')) return [];
      if (!isStashError(error, 'forbidden')) throw error;
      lacks.push({ verb: 'list', resource });
      return undefined;
    }
  };
  const [scene, sessions = [], configurations, classes] = await Promise.all([
    readScene(cluster, { namespace, query, orLacking }),
    orLacking(backupSessions, async () => {
      const { items } = await cluster.list(backupSessions, { namespace, trim: trimSession });
      return items;
    }),
    orLacking(backupConfigurations, () => collect(cluster, backupConfigurations, namespace, claimSchedules)),
    orLacking(volumeSnapshotClasses, async () => (await cluster.list(volumeSnapshotClasses)).items),
  ]);
  // The value is the key: the snapshots of a claim share one text, in place of one of each.
  const asked = new Map(
    scene.claims.map(({ namespace: place, name }) => {
      const key = claimKey(place, name);
      return [key, [key]] as const;
    }),
  );
  const { points, foreign } = await readNewestPoints(
    cluster,
    { namespace },
    {
      sessions,
      keysOf: (snapshot) => asked.get(claimKey(snapshot.metadata.namespace, claimOf(snapshot))) ?? [],
    },
  );
  // The answers come in any order.
  lacks.sort((a, b) => (formatRight(a) < formatRight(b) ? -1 : 1));
  return {
    ...scene,
    unread: lacks.filter(
      ({ resource }) =>
        resource === pods || workloadKinds.some((kind) => targetTypes[kind].resource === resource),
    ),
    ...{ configurations, points, foreign, classes, lacks },
  };
}

/** Undefined if the user may not list them. Of a kind that the server does not have, there is none. */
type OrLacking = <T>(resource: Resource, read: () => Promise<T[]>) => Promise<T[] | undefined>;

/** What `take` makes of each object; the objects themselves are not kept. */
async function collect<T extends KubernetesObject, Kept>(
  cluster: Pick<Cluster, 'pages'>,
  resource: Resource<T>,
  namespace: string | undefined,
  take: (object: Stored<T>) => readonly Kept[],
): Promise<Kept[]> {
  const kept: Kept[] = [];
  for await (const { items, isFirst } of cluster.pages(resource, { namespace, trim: asListed })) {
    if (isFirst) kept.length = 0;
    for (const item of items) kept.push(...take(item));
  }
  return kept;
}

interface Asked {
  readonly namespace: string | undefined;
  readonly query: LabelQuery | undefined;
  readonly orLacking: OrLacking;
}

/** The claims that hold data, and what uses them. */
async function readScene(
  cluster: Cluster,
  { namespace, query, orLacking }: Asked,
): Promise<Pick<CoverageRead, 'claims' | 'ignored' | 'workloads' | 'usersOf'>> {
  const workloadsOf = async (kinds: readonly TargetKind[]): Promise<TargetObject[]> => {
    const lists = kinds.map(async (kind) => {
      const resource = targetTypes[kind].resource as Resource<Workload>;
      const scope: WatchScope<Workload> = { namespace, trim: trimWorkload };
      const found = await orLacking(resource, async () => (await cluster.list(resource, scope)).items);
      return (found ?? []).map((object) => ({ kind, object }));
    });
    return (await Promise.all(lists)).flat();
  };

  const [marked, first] = await Promise.all([
    // Undefined: a user has marked the claim to be ignored.
    collect(cluster, persistentVolumeClaims, namespace, (claim) =>
      holdsData(claim) ? [isIgnored(claim) ? undefined : heldClaim(claim, query !== undefined)] : [],
    ),
    workloadsOf(workloadKinds.filter((kind) => !isBetween(kind))),
  ]);
  const claims = marked.filter((claim) => claim !== undefined);
  let scene: { workloads: readonly TargetObject[]; usersOf: UsersOf } = {
    workloads: first,
    usersOf: claimUsers({ workloads: first, pods: [] }),
  };
  // Pods may be many: they are listed only for claims that no template names.
  if (claims.some((claim) => scene.usersOf(claim).length === 0)) {
    const [others, running = []] = await Promise.all([
      workloadsOf(workloadKinds.filter(isBetween)),
      orLacking(pods, async () => (await cluster.list(pods, { namespace, trim: trimPod })).items),
    ]);
    const workloads = [...first, ...others];
    scene = { workloads, usersOf: claimUsers({ workloads, pods: running }) };
  }
  return {
    claims: query === undefined ? claims : claims.filter(selecting(query, scene)),
    ignored: marked.length - claims.length,
    workloads: scene.workloads.filter((each) => templateStems(each).length > 0),
    usersOf: scene.usersOf,
  };
}

/** A claim by its own labels and those of a workload that uses it. */
function selecting(
  query: LabelQuery,
  { workloads, usersOf }: { readonly workloads: readonly TargetObject[]; readonly usersOf: UsersOf },
): (claim: HeldClaim) => boolean {
  const labels = new Map(
    workloads.map(({ kind, object: { metadata } }) => [
      workloadKey(metadata.namespace ?? '', { kind, name: metadata.name ?? '' }),
      metadata.labels,
    ]),
  );
  return (claim) => {
    const users = usersOf(claim);
    const all = users.map((user) => ({ ...claim.labels, ...labels.get(workloadKey(claim.namespace, user)) }));
    return (all.length === 0 ? [claim.labels ?? {}] : all).some(query);
  };
}
