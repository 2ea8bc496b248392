/** Reads what `doctor` examines, with the user's own rights. */
import type {
  ClusterNode,
  KubernetesObject,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Stored,
  VolumeSnapshot,
  VolumeSnapshotContent,
} from '#src/api/kubernetes.ts';
import { operatorName, operatorNamespace } from '#src/api/operator.ts';
import {
  apiVersionOf,
  backupConfigurations,
  backupSessions,
  clusterRoleBindings,
  leases,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  secrets,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { controllerLease, oldVolumeSnapshots } from '#src/api/snapshot-controller.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { findInstallation } from '#src/cluster/find-installation.ts';
import { find } from '#src/cluster/find.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import type { Cluster, Scope } from '#src/cluster/port.ts';
import { secretsOf } from '#src/domain/backup/class-secrets.ts';
import { admissionTrials } from '#src/domain/checks/admission.ts';
import {
  examined,
  type ClusterFacts,
  type Facts,
  type OperatorFacts,
  type Read,
  type Subject,
} from '#src/domain/checks/check.ts';
import { claimsByDriver } from '#src/domain/checks/drivers.ts';
import { waitsForDriver } from '#src/domain/checks/snapshot-answers.ts';
import type { Clock } from '#src/domain/clock.ts';
import { configuredTarget } from '#src/domain/operator/check-configuration.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import type { Right } from '#src/domain/rights.ts';
import { claimsOfTarget, needsPods } from '#src/domain/workload/claims.ts';
import { targetTypes } from '#src/domain/workload/kinds.ts';
import { localRequirements } from '#src/domain/workload/node-local.ts';
import { formatSelector } from '#src/domain/workload/selector.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';
import { isStashError, StashError } from '#src/errors.ts';

import { executorByDiscovery } from '#src/session/holding/executor.ts';
import { podsOfWorkload } from '#src/session/hooks/pods-of-target.ts';
import { rightsForRestore, rightsForSnapshot } from '#src/session/plan/rights-needed.ts';
import type { NamespaceReader } from './namespace-reader.ts';

/** Requests under way at the same time. */
const inFlight = 8;

export interface Examination {
  readonly facts: Facts;
  readonly subjects: readonly Subject[];
}

export interface Examined {
  /** Undefined: all configurations of the namespace. */
  readonly target: Target | undefined;
  /** Collections that the checks list. */
  readonly lists: readonly Resource[];
  readonly user: string;
  readonly clock: Clock;
}

/** What the checks of the cluster look at, in all namespaces. Reads and writes nothing. */
export async function readClusterFacts(
  cluster: Cluster,
  { lists, clock }: Pick<Examined, 'lists' | 'clock'>,
): Promise<ClusterFacts> {
  const [groups, read, served, controllerLease] = await Promise.all([
    cluster.groups(),
    readLists(cluster, undefined, lists),
    readServed(cluster),
    readControllerLease(cluster),
  ]);
  return {
    now: clock.now(),
    ...{ namespace: undefined, groups, served, controllerLease },
    listed: listedFrom(read),
  };
}

/**
 * Reads, and lets the API server answer dry runs, which store nothing. Rejects where the namespace does not exist, and where
 * the API server does not answer.
 */
export async function readFacts(reader: NamespaceReader, asked: Examined): Promise<Examination> {
  const { namespace, cluster } = reader;
  const { target, user, clock } = asked;
  const [groups] = await Promise.all([reader.groups(), reader.namespaceExists()]);
  const [lists, served, operator, missing, controllerLease] = await Promise.all([
    readLists(cluster, namespace, [...asked.lists, ...ownLists]),
    readServed(cluster),
    readOperator(reader),
    readMissing(reader, groups),
    readControllerLease(cluster),
  ]);
  const listed = listedFrom(lists);
  const subjects = await readSubjects(reader, listed, subjectsOf({ target, listed }));
  // Only an answer tells the server's time.
  const now = clock.now();
  const claims = claimsOfSubjects(listed, subjects);
  const volumes = await readVolumes(reader, claims);
  const [nodes, contents, secrets, admission] = await Promise.all([
    readNodes(cluster, volumes),
    readContents(cluster, listed(volumeSnapshots), now),
    readSecrets(cluster, { listed, volumes, namespace }, claims),
    readAdmission(reader, served, missing),
  ]);
  const facts: Facts = {
    ...{ now, user, namespace, target, groups, served, listed, operator, missing, controllerLease },
    ...{ volumes, nodes, contents, secrets, admission },
    points: mapped(listed(volumeSnapshots), (snapshots) => {
      const sessions = listed(backupSessions);
      return restorePoints(snapshots, 'value' in sessions ? sessions.value : []);
    }),
  };
  return { facts, subjects };
}

function listedFrom(lists: ReadonlyMap<Resource, Read<Stored<KubernetesObject>[]>>): Facts['listed'] {
  return <T extends KubernetesObject>(resource: Resource<T>) => {
    const read = lists.get(resource);
    if (read === undefined) throw new StashError('bug', `no check names ${resource.plural} in its lists`);
    return read as Read<Stored<T>[]>;
  };
}

/** The reads from which facts and subjects are built. */
const ownLists: readonly Resource[] = [
  backupConfigurations,
  backupSessions,
  persistentVolumeClaims,
  volumeSnapshots,
  volumeSnapshotClasses,
];

/** `namespace` undefined: of all namespaces. */
async function readLists(
  cluster: Cluster,
  namespace: string | undefined,
  resources: readonly Resource[],
): Promise<Map<Resource, Read<Stored<KubernetesObject>[]>>> {
  const read = async (resource: Resource) => {
    const scope = resource.namespaced && namespace !== undefined ? { namespace } : {};
    const right = { verb: 'list', resource } as const;
    return [
      resource,
      await orLacking(right, scope.namespace, async () => (await cluster.list(resource, scope)).items),
    ] as const;
  };
  return new Map(await Promise.all([...new Set(resources)].map(read)));
}

async function readServed(cluster: Cluster): Promise<Facts['served']> {
  const read = async (resource: Resource) => [apiVersionOf(resource), await cluster.kinds(resource)] as const;
  const served = new Map(await Promise.all([volumeSnapshots, backupSessions].map(read)));
  if (served.get(apiVersionOf(volumeSnapshots))?.length === 0) {
    served.set(apiVersionOf(oldVolumeSnapshots), await cluster.kinds(oldVolumeSnapshots));
  }
  return (resource) => served.get(apiVersionOf(resource)) ?? [];
}

function readControllerLease(cluster: Cluster): Promise<Facts['controllerLease']> {
  return orLacking({ verb: 'get', resource: leases }, controllerLease.namespace, () =>
    find(cluster, leases, controllerLease),
  );
}

async function readOperator({ cluster }: NamespaceReader): Promise<OperatorFacts> {
  const bindingRight = { verb: 'get', resource: clusterRoleBindings } as const;
  const installed = await orLacking(bindingRight, undefined, () => findInstallation(cluster));
  const home = ('value' in installed ? installed.value?.home : undefined) ?? operatorNamespace;
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

interface Wanted {
  readonly target: Target;
  readonly configuration: Stored<BackupConfiguration> | undefined;
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

async function readSubjects(
  reader: NamespaceReader,
  listed: Facts['listed'],
  wanted: readonly Wanted[],
): Promise<Subject[]> {
  const read = new Map<string, Pick<Subject, 'object' | 'pods'>>();
  const targets = [...new Map(wanted.map(({ target }) => [formatTarget(target), target])).values()];
  const readEach = targetReader(reader, listed, targets);
  await forEachBounded(targets, inFlight, async (target) => {
    const object = await readEach(target);
    read.set(formatTarget(target), { object, pods: await readPods(reader, object) });
  });
  return wanted.flatMap((each) => {
    const found = read.get(formatTarget(each.target));
    return found ? [{ ...each, ...found }] : [];
  });
}

export function readTarget({ cluster }: NamespaceReader, target: Target): Promise<Subject['object']> {
  const { kind, name, namespace } = target;
  const { resource } = targetTypes[kind];
  return orLacking({ verb: 'get', resource }, namespace, async () => {
    const object = await find(cluster, resource, { name, namespace });
    return object && { kind, object };
  });
}

/** For more targets of a kind than this, one list of the kind is cheaper than a request for each. */
const fewTargets = 8;

function targetReader(
  reader: NamespaceReader,
  listed: Facts['listed'],
  targets: readonly Target[],
): (target: Target) => Promise<Subject['object']> {
  const { cluster, namespace } = reader;
  const lists = new Map<Resource, Promise<Read<readonly Stored<KubernetesObject>[]>>>([
    [persistentVolumeClaims, Promise.resolve(listed(persistentVolumeClaims))],
  ]);
  const listOf = (resource: Resource) => {
    const list =
      lists.get(resource) ??
      orLacking(
        { verb: 'list', resource },
        namespace,
        async () => (await cluster.list(resource, { namespace })).items,
      );
    lists.set(resource, list);
    return list;
  };
  return async (target) => {
    const { kind, name } = target;
    const { resource } = targetTypes[kind];
    const count = targets.filter((each) => each.kind === kind).length;
    if (kind === 'PersistentVolumeClaim' || count > fewTargets) {
      const all = await listOf(resource);
      if ('value' in all) {
        const object = all.value.find(({ metadata }) => metadata.name === name);
        return { value: object && { kind, object } };
      }
    }
    return readTarget(reader, target);
  };
}

export function readPods(
  { cluster, namespace }: NamespaceReader,
  object: Subject['object'],
): Promise<Read<Pod[]>> {
  const found = 'value' in object ? object.value : undefined;
  if (found === undefined || !needsPods(found)) return Promise.resolve({ value: [] });
  const workload = found.object as Stored<KubernetesObject>;
  return orLacking({ verb: 'list', resource: pods }, namespace, () =>
    podsOfWorkload(cluster, found.kind, workload),
  );
}

/** The existing claims of all subjects. */
function claimsOfSubjects(
  listed: Facts['listed'],
  subjects: readonly Subject[],
): readonly Stored<PersistentVolumeClaim>[] {
  const claims = listed(persistentVolumeClaims);
  const all = 'value' in claims ? claims.value : [];
  const names = subjects.flatMap(({ object, pods, configuration }) => {
    if (!('value' in object && 'value' in pods) || object.value === undefined) return [];
    const replicas = configuration?.spec.target?.replicas;
    const of = claimsOfTarget(object.value, { claims: all, pods: pods.value, replicas });
    return 'failure' in of ? [] : of.value.map(({ name }) => name);
  });
  const wanted = new Set(names);
  return all.filter(({ metadata }) => wanted.has(metadata.name));
}

/** For more volumes than this, one list of all of them is cheaper than a request for each. */
const fewVolumes = 20;

async function readVolumes(
  { cluster }: NamespaceReader,
  claims: readonly Stored<PersistentVolumeClaim>[],
): Promise<Facts['volumes']> {
  const names = [...new Set(claims.flatMap(({ spec }) => spec.volumeName || []))];
  const found = new Map<string, Stored<PersistentVolume>>();
  const right = { verb: 'list', resource: persistentVolumes } as const;
  const read = async (scope: Scope) => {
    for (const volume of (await cluster.list(persistentVolumes, scope)).items) {
      found.set(volume.metadata.name, volume);
    }
  };
  return orLacking(right, undefined, async () => {
    if (names.length > fewVolumes) await read({});
    else await forEachBounded(names, inFlight, (name) => read({ fieldSelector: `metadata.name=${name}` }));
    return found;
  });
}

/** A selector of labels has room for so many values. */
const mostPlaces = 100;

async function readNodes(cluster: Cluster, volumes: Facts['volumes']): Promise<Facts['nodes']> {
  const places = new Map<string, Set<string>>();
  for (const volume of 'value' in volumes ? volumes.value.values() : []) {
    for (const { key, values = [] } of localRequirements(volume)) {
      const known = places.get(key) ?? new Set();
      places.set(key, known);
      for (const value of values) known.add(value);
    }
  }
  const found = new Map<string, Stored<ClusterNode>>();
  return orLacking({ verb: 'list', resource: nodes }, undefined, async () => {
    await forEachBounded([...places], inFlight, async ([key, values]) => {
      const labelSelector =
        values.size > mostPlaces
          ? key
          : formatSelector({ matchExpressions: [{ key, operator: 'In', values: [...values] }] });
      for (const node of (await cluster.list(nodes, { labelSelector })).items)
        found.set(node.metadata.name, node);
    });
    return [...found.values()];
  });
}

/** One content tells as much of a driver as many do. */
const mostContents = 8;

async function readContents(
  cluster: Cluster,
  snapshots: Read<readonly Stored<VolumeSnapshot>[]>,
  now: Date,
): Promise<Facts['contents']> {
  const waiting = 'value' in snapshots ? snapshots.value.filter((each) => waitsForDriver(each, now)) : [];
  const names = waiting.flatMap(({ status }) => status?.boundVolumeSnapshotContentName ?? []);
  const found = new Map<string, Stored<VolumeSnapshotContent>>();
  return orLacking({ verb: 'get', resource: volumeSnapshotContents }, undefined, async () => {
    await forEachBounded(names.slice(0, mostContents), inFlight, async (name) => {
      const content = await find(cluster, volumeSnapshotContents, { name });
      if (content) found.set(name, content);
    });
    return found;
  });
}

/** Of the classes whose drivers the claims have. */
async function readSecrets(
  cluster: Cluster,
  facts: Pick<Facts, 'listed' | 'volumes' | 'namespace'>,
  claims: readonly Stored<PersistentVolumeClaim>[],
): Promise<Facts['secrets']> {
  const classes = facts.listed(volumeSnapshotClasses);
  const used = claimsByDriver(facts, claims);
  const named = ('value' in classes ? classes.value : [])
    .filter(({ driver }) => used.has(driver))
    .flatMap((each) => secretsOf(each, facts.namespace));
  const found = new Map<string, Read<boolean>>();
  await forEachBounded(named, inFlight, async ({ namespace, name }) => {
    const scope = { namespace, fieldSelector: `metadata.name=${name}`, metadataOnly: true };
    const exists = await orLacking(
      { verb: 'list', resource: secrets },
      namespace,
      async () => (await cluster.list(secrets, scope)).items.length > 0,
    );
    found.set(`${namespace}/${name}`, exists);
  });
  return found;
}

/** Only of kinds that the server serves, and that the user may create. */
async function readAdmission(
  { cluster, namespace }: NamespaceReader,
  served: Facts['served'],
  missing: Facts['missing'],
): Promise<Facts['admission']> {
  const barred = (missing.get('snapshot') ?? []).filter(({ verb }) => verb === 'create');
  const trials = admissionTrials(namespace).filter(
    ([resource]) =>
      served(resource).includes(resource.plural) && !barred.some((right) => right.resource === resource),
  );
  return Promise.all(
    trials.map(async ([resource, object]) => ({
      resource,
      refusal: await refusalOf(cluster, resource, object),
    })),
  );
}

async function refusalOf(
  cluster: Cluster,
  resource: Resource,
  object: KubernetesObject,
): Promise<string | undefined> {
  try {
    await cluster.create(resource, object, { dryRun: true });
    return undefined;
  } catch (error) {
    if (!isStashError(error, 'forbidden', 'invalid', 'server', 'precondition')) throw error;
    return error.message;
  }
}

/** `namespace`: the namespace of the right, for the message where the user lacks it. */
export async function orLacking<T>(
  lacks: Right,
  namespace: string | undefined,
  read: () => Promise<T>,
): Promise<Read<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (isStashError(error, 'forbidden')) return { lacks, namespace };
    if (isStashError(error, 'precondition')) return { unserved: lacks.resource };
    throw error;
  }
}

function mapped<T, R>(read: Read<T>, change: (value: T) => R): Read<R> {
  return 'value' in read ? { value: change(read.value) } : read;
}
