/** Reads what `coverage` judges by, with the user's own rights. Of each object, only what it needs is kept. */
import type { KubernetesObject, PersistentVolumeClaim, Stored, Workload } from '#src/api/kubernetes.ts';
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
import { claimUsers, type UsersOf } from '#src/domain/coverage/claim-users.ts';
import { claimKey, holdsData, type CoverageScene } from '#src/domain/coverage/coverage.ts';
import {
  trimClaim,
  trimConfiguration,
  trimPod,
  trimSession,
  trimWorkload,
} from '#src/domain/coverage/trim.ts';
import { claimOf } from '#src/domain/restore-points/snapshot-groups.ts';
import { workloadKey } from '#src/domain/restore-points/select-points.ts';
import type { Right } from '#src/domain/rights.ts';
import type { TargetObject } from '#src/domain/workload/claims.ts';
import { targetKinds, targetTypes, type TargetKind } from '#src/domain/workload/kinds.ts';
import type { LabelQuery } from '#src/domain/workload/label-query.ts';
import { isStashError } from '#src/errors.ts';

import { readNewestPoints } from './read-newest-points.ts';

export interface CoverageRead extends Omit<CoverageScene, 'now' | 'staleAfterMs'> {
  readonly ignored: number;
  /** What the user may not list. */
  readonly lacks: readonly Right[];
}

/** Those between another workload and its pods; there are many of them, and few are needed. */
const between = new Set(targetKinds.flatMap((kind) => targetTypes[kind].podsThrough?.kind ?? []));
const isBetween = (kind: TargetKind) => between.has(targetTypes[kind].resource.kind);
const workloadKinds = targetKinds.filter((kind) => targetTypes[kind].readWorkload !== undefined);

/**
 * `namespace`: undefined for all. `query`: of the claim's labels and those of a workload that uses it.
 * Rejects where the user may not list claims or snapshots.
 */
export async function readCoverage(
  cluster: Cluster,
  namespace: string | undefined,
  query?: LabelQuery,
): Promise<CoverageRead> {
  const lacks: Right[] = [];
  /** Undefined: the user may not list them. Of a kind that the server does not have, there is none. */
  const list = async <T extends KubernetesObject>(
    resource: Resource<T>,
    scope: WatchScope<T> = { namespace },
  ): Promise<Stored<T>[] | undefined> => {
    try {
      return (await cluster.list(resource, scope)).items;
    } catch (error) {
      if (isStashError(error, 'precondition', 'not-found')) return [];
      if (!isStashError(error, 'forbidden')) throw error;
      lacks.push({ verb: 'list', resource });
      return undefined;
    }
  };
  const workloadsOf = async (kinds: readonly TargetKind[]): Promise<TargetObject[]> => {
    const lists = kinds.map(async (kind) => {
      const resource = targetTypes[kind].resource as Resource<Workload>;
      const found = await list(resource, { namespace, trim: trimWorkload });
      return (found ?? []).map((object) => ({ kind, object }));
    });
    return (await Promise.all(lists)).flat();
  };

  const [claims, sessions = [], configurations, classes, first] = await Promise.all([
    readClaims(cluster, namespace),
    list(backupSessions, { namespace, trim: trimSession }),
    list(backupConfigurations, { namespace, trim: trimConfiguration }),
    list(volumeSnapshotClasses, {}),
    workloadsOf(workloadKinds.filter((kind) => !isBetween(kind))),
  ]);
  let scene: { workloads: readonly TargetObject[]; usersOf: UsersOf } = {
    workloads: first,
    usersOf: claimUsers({ workloads: first, pods: [] }),
  };
  // Pods may be many: they are listed only for claims that no template names.
  if (claims.held.some((claim) => scene.usersOf(claim).length === 0)) {
    const [others, running = []] = await Promise.all([
      workloadsOf(workloadKinds.filter(isBetween)),
      list(pods, { namespace, trim: trimPod }),
    ]);
    const workloads = [...first, ...others];
    scene = { workloads, usersOf: claimUsers({ workloads, pods: running }) };
  }
  const selected = query === undefined ? claims.held : claims.held.filter(selecting(query, scene));
  // The value is the key: the snapshots of a claim share one text, in place of one of each.
  const asked = new Map(
    selected.map(({ metadata }) => {
      const key = claimKey(metadata.namespace, metadata.name);
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
  return {
    ...scene,
    claims: selected,
    ignored: claims.ignored,
    unread: lacks.filter(
      ({ resource }) =>
        resource === pods || workloadKinds.some((kind) => targetTypes[kind].resource === resource),
    ),
    ...{ configurations, points, foreign, classes, lacks },
  };
}

async function readClaims(cluster: Cluster, namespace: string | undefined) {
  const held: Stored<PersistentVolumeClaim>[] = [];
  const { items } = await cluster.list(persistentVolumeClaims, { namespace, trim: trimClaim });
  let ignored = 0;
  for (const claim of items.filter(holdsData)) {
    if (isIgnored(claim)) ignored += 1;
    else held.push(claim);
  }
  return { held, ignored };
}

/** A claim by its own labels and those of a workload that uses it. */
function selecting(
  query: LabelQuery,
  { workloads, usersOf }: { readonly workloads: readonly TargetObject[]; readonly usersOf: UsersOf },
): (claim: Stored<PersistentVolumeClaim>) => boolean {
  const labels = new Map(
    workloads.map(({ kind, object: { metadata } }) => [
      workloadKey(metadata.namespace ?? '', { kind, name: metadata.name ?? '' }),
      metadata.labels,
    ]),
  );
  return (claim) => {
    const { namespace = '', labels: own } = claim.metadata;
    const users = usersOf(claim);
    const all = users.map((user) => ({ ...own, ...labels.get(workloadKey(namespace, user)) }));
    return (all.length === 0 ? [own ?? {}] : all).some(query);
  };
}
