/** Reads the facts that `doctor` examines, with the user's own rights. */
import type { KubernetesObject, PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import { operatorName, operatorNamespace, type Component } from '#src/api/operator.ts';
import {
  backupConfigurations,
  backupSessions,
  clusterRoleBindings,
  events,
  jobs,
  leases,
  persistentVolumeClaims,
  pods,
  volumeSnapshotClasses,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { findInstallation } from '#src/cluster/find-installation.ts';
import { find } from '#src/cluster/find.ts';
import type { Cluster } from '#src/cluster/port.ts';
import {
  examined,
  mapRead,
  valueOf,
  type ClusterFacts,
  type Facts,
  type OperatorFacts,
  type Read,
  type Subject,
} from '#src/domain/checks/check.ts';
import type { Clock } from '#src/domain/clock.ts';
import { configuredTarget } from '#src/domain/operator/check-configuration.ts';
import { restorePoints, type RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import type { Right } from '#src/domain/rights.ts';
import { isJobOver } from '#src/domain/session/job-state.ts';
import { claimsOfTarget } from '#src/domain/workload/claims.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';

import { executorByDiscovery } from '#src/session/holding/executor.ts';

import type { NamespaceReader } from './namespace-reader.ts';
import { listOrLacking, orLacking } from './or-lacking.ts';
import type { WholeCluster } from './read-cluster.ts';
import {
  readContents,
  readLeakedContents,
  readNodes,
  readSecrets,
  readSidecarLeases,
  readVolumes,
} from './read-storage.ts';
import { readSubjects, type Wanted } from './read-subjects.ts';
import { rightsForExec, rightsForRestore, rightsForSnapshot } from './rights-needed.ts';
import { tryAdmission, tryPods } from './try-admission.ts';

export interface Examination {
  readonly facts: Facts;
  readonly subjects: readonly Subject[];
}

export interface Examined {
  /** Undefined for all configurations of the namespace. */
  readonly target: Target | undefined;
  /** Collections that the checks list. */
  readonly lists: readonly Resource[];
  /** The result of `readCluster`. */
  readonly whole: () => Promise<WholeCluster>;
  readonly user: string;
  readonly clock: Clock;
  /** Whether every snapshot of the restore point was read. If left out, all were. */
  readonly isWhole?: (point: RestorePoint) => boolean;
}

/**
 * Reads the facts for the checks of the cluster, in all namespaces. Writes nothing. `uids` are those of all snapshots.
 */
export async function readClusterFacts(
  cluster: Cluster,
  {
    lists,
    whole,
    clock,
    uids,
  }: Pick<Examined, 'lists' | 'whole' | 'clock'> & { readonly uids: () => Promise<ReadonlySet<string>> },
): Promise<ClusterFacts> {
  const [groups, read, same] = await Promise.all([
    cluster.groups(),
    readLists(cluster, undefined, lists),
    whole(),
  ]);
  const now = clock.now();
  return {
    ...same,
    ...{ now, clockAhead: clock.ahead?.(), namespace: undefined, groups },
    listed: listedFrom(read),
    leaked: await readLeakedContents(cluster, uids, now),
  };
}

/**
 * Reads, and lets the API server answer dry runs, which store nothing. Rejects if the namespace does not exist, or if
 * the API server does not answer.
 */
export async function readFacts(reader: NamespaceReader, asked: Examined): Promise<Examination> {
  const { namespace, cluster } = reader;
  const { target, user, clock, isWhole = () => true } = asked;
  const [groups] = await Promise.all([reader.groups(), reader.namespaceExists()]);
  const [lists, whole, operator, missing, missingForHooks, warnings, operatorJobs] = await Promise.all([
    readLists(cluster, namespace, [...asked.lists, ...ownLists]),
    asked.whole(),
    readOperator(reader),
    readMissing(reader, groups),
    reader.missing(rightsForExec),
    readWarnings(reader),
    readOperatorJobs(reader),
  ]);
  const listed = listedFrom(lists);
  const subjects = await readSubjects(reader, listed, subjectsOf({ target, listed }));
  // Read the clock only now: it knows the API server's time by an answer.
  const now = clock.now();
  const claims = claimsOfSubjects(listed, subjects);
  const volumes = await readVolumes(reader, claims);
  const inUse = { listed, volumes, namespace };
  const [nodes, contents, secrets, sidecarLeases, admission, jobPods] = await Promise.all([
    readNodes(cluster, volumes),
    readContents(cluster, listed(volumeSnapshots), now),
    readSecrets(cluster, inUse, claims),
    readSidecarLeases(cluster, inUse, claims),
    tryAdmission(reader, whole.served, missing),
    tryPods(reader, { operator, groups, listed, target }),
  ]);
  const facts: Facts = {
    ...whole,
    ...{ now, clockAhead: clock.ahead?.(), user, namespace, target, groups, listed, operator },
    leaked: undefined,
    ...{ missing, missingForHooks, events: warnings, operatorJobs },
    ...{ volumes, nodes, contents, secrets, sidecarLeases, admission, jobPods },
    points: pointsOf(listed, isWhole),
  };
  return { facts, subjects };
}

/** Without the right to list sessions, reads restore points from the snapshots alone. */
function pointsOf(listed: Facts['listed'], isWhole: (point: RestorePoint) => boolean): Facts['points'] {
  const sessions = listed(backupSessions);
  if ('failed' in sessions) return sessions;
  return mapRead(listed(volumeSnapshots), (snapshots) =>
    restorePoints(snapshots, valueOf(sessions) ?? []).filter(isWhole),
  );
}

function listedFrom(lists: ReadonlyMap<Resource, Read<Stored<KubernetesObject>[]>>): Facts['listed'] {
  return <T extends KubernetesObject>(resource: Resource<T>) => {
    const read = lists.get(resource);
    if (read === undefined) throw new StashError('bug', `no check names ${resource.plural} in its lists`);
    return read as Read<Stored<T>[]>;
  };
}

/** The lists from which facts and subjects are built. */
const ownLists: readonly Resource[] = [
  backupConfigurations,
  backupSessions,
  persistentVolumeClaims,
  volumeSnapshots,
  volumeSnapshotClasses,
];

/** Without a namespace, lists all namespaces. */
async function readLists(
  cluster: Cluster,
  namespace: string | undefined,
  resources: readonly Resource[],
): Promise<Map<Resource, Read<Stored<KubernetesObject>[]>>> {
  const read = async (resource: Resource) => {
    const scope = resource.namespaced && namespace !== undefined ? { namespace } : {};
    return [resource, await listOrLacking(cluster, resource, scope)] as const;
  };
  return new Map(await Promise.all([...new Set(resources)].map(read)));
}

/** Reads only Warnings about snapshots: a namespace may have thousands of others. */
function readWarnings({ cluster, namespace }: NamespaceReader): Promise<Facts['events']> {
  const fieldSelector = 'involvedObject.kind=VolumeSnapshot,type=Warning';
  return listOrLacking(cluster, events, { namespace, fieldSelector });
}

const ofJobs: readonly Component[] = ['trigger', 'snapshotter', 'restorer'];

async function readOperatorJobs({ cluster, namespace }: NamespaceReader): Promise<Facts['operatorJobs']> {
  const labelSelector = `${label.managedBy}=${managedBy},${label.component} in (${ofJobs.join()})`;
  const scope = { namespace, labelSelector };
  const found = await listOrLacking(cluster, jobs, scope);
  if (!('value' in found)) return found;
  if (found.value.every(isJobOver)) return { value: { jobs: found.value, pods: [] } };
  return mapRead(await listOrLacking(cluster, pods, scope), (items) => ({ jobs: found.value, pods: items }));
}

async function readOperator({ cluster }: NamespaceReader): Promise<OperatorFacts> {
  const bindingRight = { verb: 'get', resource: clusterRoleBindings } as const;
  const installed = await orLacking(bindingRight, undefined, () => findInstallation(cluster));
  const home = valueOf(installed)?.home ?? operatorNamespace;
  const lease = await orLacking({ verb: 'get', resource: leases }, home, () =>
    find(cluster, leases, { name: operatorName, namespace: home }),
  );
  return { installed, home, lease };
}

async function readMissing(
  { missing }: NamespaceReader,
  groups: readonly string[],
): Promise<ReadonlyMap<string, readonly Right[]>> {
  const course = { executor: executorByDiscovery(groups, 'auto'), wait: true };
  const [snapshot, restore] = await Promise.all([
    missing(rightsForSnapshot({ ...course, fresh: true, probes: true })),
    missing(rightsForRestore(course)),
  ]);
  return new Map([
    ['snapshot', snapshot],
    ['restore', restore],
  ]);
}

function subjectsOf(facts: Pick<Facts, 'target' | 'listed'>): Wanted[] {
  const configured = examined(facts).flatMap((configuration) => {
    const target = configuredTarget(configuration);
    return target === undefined ? [] : [{ target, configuration }];
  });
  const { target } = facts;
  return configured.length === 0 && target !== undefined
    ? [{ target, configuration: undefined }]
    : configured;
}

/** Returns the existing claims of all subjects. */
function claimsOfSubjects(
  listed: Facts['listed'],
  subjects: readonly Subject[],
): readonly Stored<PersistentVolumeClaim>[] {
  const all = valueOf(listed(persistentVolumeClaims)) ?? [];
  const names = subjects.flatMap(({ object, pods, configuration }) => {
    if (!('value' in object && 'value' in pods) || object.value === undefined) return [];
    const replicas = configuration?.spec.target?.replicas;
    const of = claimsOfTarget(object.value, { claims: all, pods: pods.value, replicas });
    return 'failure' in of ? [] : of.value.map(({ name }) => name);
  });
  const wanted = new Set(names);
  return all.filter(({ metadata }) => wanted.has(metadata.name));
}
