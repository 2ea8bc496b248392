/** Reads the objects of a namespace for the checks: each list at most once, and all of them at the same time. */
import type {
  KubernetesObject,
  LimitRange,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  SelfSubjectRulesReview,
  StorageClass,
  Stored,
  VolumeSnapshot,
  VolumeSnapshotClass,
  VolumeSnapshotContent,
} from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  backupSessions,
  limitRanges,
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  resourceQuotas,
  restoreSessions,
  selfSubjectRulesReviews,
  storageClasses,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import { refusedRights } from '#src/cluster/access.ts';
import { byName } from '#src/cluster/by-name.ts';
import { find } from '#src/cluster/find.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { quotaBudget, type QuotaBudget } from '#src/domain/quota/quota-budget.ts';
import { missingRights, type Right } from '#src/domain/rights.ts';
import { isStashError } from '#src/errors.ts';
import { lackedRights } from '#src/domain/checks/rights.ts';
import { refuse } from '#src/domain/finding.ts';
import type { Contents } from '#src/domain/restore/snapshot-origin.ts';

export interface NamespaceReader {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly groups: () => Promise<string[]>;
  readonly claims: () => Promise<Stored<PersistentVolumeClaim>[]>;
  readonly pods: () => Promise<Stored<Pod>[]>;
  readonly configurations: () => Promise<Stored<BackupConfiguration>[]>;
  readonly sessions: () => Promise<Stored<BackupSession>[]>;
  readonly restoreSessions: () => Promise<Stored<RestoreSession>[]>;
  readonly snapshots: () => Promise<Stored<VolumeSnapshot>[]>;
  /** Undefined if the user may not read them (they are cluster-scoped). */ readonly storageClasses: () => Promise<
    Stored<StorageClass>[] | undefined
  >;
  /** Undefined if the user may not read them (they are cluster-scoped). */ readonly snapshotClasses: () => Promise<
    Stored<VolumeSnapshotClass>[] | undefined
  >;
  /** By name. Undefined if the user may not read them. */
  readonly volumes: () => Promise<ReadonlyMap<string, Stored<PersistentVolume>> | undefined>;
  /** Undefined if the volume does not exist, or if the user may not read it. */
  readonly volume: (name: string) => Promise<Stored<PersistentVolume> | undefined>;
  /** The VolumeSnapshotContents of these snapshots by name, without those that the user may not read. */
  readonly contents: (snapshots: readonly VolumeSnapshot[]) => Promise<Contents>;
  /** Empty if the user may not read them. */ readonly quotas: () => Promise<
    readonly Stored<ResourceQuota>[]
  >;
  /** Empty if the user may not read them. */ readonly limitRanges: () => Promise<
    readonly Stored<LimitRange>[]
  >;
  /** One budget for everything that this reader plans. It refuses nothing if the user may not read quotas. */
  readonly quotaBudget: () => Promise<QuotaBudget>;
  /** The rights that the user lacks, by the rules that the API server lists for the user. */
  readonly missing: (rights: readonly Right[]) => Promise<readonly Right[]>;
  /** Rejects with 'forbidden' if the user lacks one of these rights. `user` is the name in the message. */
  readonly demand: (user: string, rights: readonly Right[]) => Promise<void>;
  /** Asks the API server about each right. Resolves with the rights that the user does not have. */
  readonly lacking: (rights: readonly Right[]) => Promise<Right[]>;
  /** Rejects with 'not-found' if the namespace itself does not exist. */
  readonly namespaceExists: () => Promise<void>;
}

/** The reads whose results do not depend on the user or the session. */
export type CommonReads = Pick<NamespaceReader, 'claims' | 'snapshotClasses' | 'volumes' | 'volume'>;

/** Returns a reader that sends each request when its result is first needed, and never twice. */
export function readerOf(cluster: Cluster, namespace: string): NamespaceReader {
  const review = once(() =>
    cluster.create<SelfSubjectRulesReview>(selfSubjectRulesReviews, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      metadata: {},
      spec: { namespace },
    }),
  );
  const readable = <T extends KubernetesObject>(resource: Resource<T>) =>
    once(async () => (await ifAllowed(() => cluster.list(resource, { namespace })))?.items ?? []);
  const quotas = readable(resourceQuotas);
  const missing = async (rights: readonly Right[]) => {
    const rules = await review();
    const unlisted = missingRights(rules, rights);
    return rules.status?.incomplete === true ? await refused(cluster, namespace, unlisted) : unlisted;
  };
  return {
    cluster,
    namespace,
    groups: once(() => cluster.groups()),
    claims: once(async () => (await cluster.list(persistentVolumeClaims, { namespace })).items),
    pods: once(async () => (await cluster.list(pods, { namespace })).items),
    configurations: once(async () => (await cluster.list(backupConfigurations, { namespace })).items),
    sessions: once(async () => (await cluster.list(backupSessions, { namespace })).items),
    restoreSessions: once(async () => (await cluster.list(restoreSessions, { namespace })).items),
    snapshots: once(async () => (await cluster.list(volumeSnapshots, { namespace })).items),
    storageClasses: once(() => ifAllowed(async () => (await cluster.list(storageClasses)).items)),
    snapshotClasses: once(() => ifAllowed(async () => (await cluster.list(volumeSnapshotClasses)).items)),
    volumes: once(() =>
      ifAllowed(async () => {
        const { items } = await cluster.list(persistentVolumes);
        return new Map(items.map((volume) => [volume.metadata.name, volume]));
      }),
    ),
    volume: volumeReader(cluster),
    contents: (snapshots) => readContents(cluster, snapshots),
    quotas,
    limitRanges: readable(limitRanges),
    quotaBudget: once(async () => quotaBudget(await quotas())),
    missing,
    demand: async (user, rights) => {
      refuse(lackedRights(await missing(rights), user, namespace));
    },
    lacking: (rights) => refused(cluster, namespace, rights),
    namespaceExists: once(async () => {
      await ifAllowed(() => cluster.get(namespaces, namespace));
    }),
  };
}

/**
 * Reads single volumes by name, because a cluster may have many. After a refusal, it asks no more. It uses `list` with
 * a field selector, so that one right is enough for this and for `volumes`.
 */
export function volumeReader(cluster: Cluster): NamespaceReader['volume'] {
  let first: Promise<unknown> | undefined;
  let isRefused = false;
  const read = async (name: string) => {
    const found = await ifAllowed(() => cluster.list(persistentVolumes, byName({ name })));
    isRefused ||= found === undefined;
    return found?.items[0];
  };
  return async (name) => {
    if (first === undefined) {
      const answer = read(name);
      first = answer.catch(() => undefined);
      return answer;
    }
    await first;
    return isRefused ? undefined : read(name);
  };
}

const contentsAtOnce = 8;

async function readContents(cluster: Cluster, snapshots: readonly VolumeSnapshot[]): Promise<Contents> {
  const names = new Set(snapshots.flatMap(({ status }) => status?.boundVolumeSnapshotContentName ?? []));
  const contents = new Map<string, Stored<VolumeSnapshotContent>>();
  let mayRead = true;
  await forEachBounded([...names], contentsAtOnce, async (name) => {
    if (!mayRead) return;
    const content = await ifAllowed(async () => ({
      found: await find(cluster, volumeSnapshotContents, { name }),
    }));
    mayRead &&= content !== undefined;
    if (content?.found) contents.set(name, content.found);
  });
  return contents;
}

function refused(cluster: Cluster, namespace: string, rights: readonly Right[]): Promise<Right[]> {
  // Leave the namespace out for cluster-scoped resources: with it, the API server would count a Role in that namespace.
  const placed = rights.map((right) => (right.resource.namespaced ? { ...right, namespace } : right));
  return refusedRights(cluster, placed);
}

/** If an object is not found because its namespace does not exist, rejects with the error about the namespace. */
export async function orMissingNamespace<T>(reader: NamespaceReader, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isStashError(error, 'not-found')) await reader.namespaceExists();
    throw error;
  }
}

/** Starts several reads at once; a failure shows when the caller awaits the read itself. */
export function startAll(...reads: (() => Promise<unknown>)[]): void {
  for (const read of reads) read().catch(() => undefined);
}

/** Resolves with undefined if the user may not read it. */
export async function ifAllowed<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isStashError(error, 'forbidden')) return undefined;
    throw error;
  }
}

/** Returns a function that calls `read` the first time, and returns the same promise ever after. */
export function once<T>(read: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= read());
}
