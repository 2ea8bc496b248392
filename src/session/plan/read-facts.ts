/** Reads what `doctor` examines, with the user's own rights. */
import type { KubernetesObject, Pod, Stored } from '#src/api/kubernetes.ts';
import { operatorName, operatorNamespace } from '#src/api/operator.ts';
import {
  apiVersionOf,
  backupConfigurations,
  backupSessions,
  clusterRoleBindings,
  leases,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeSnapshotClasses,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { findInstallation } from '#src/cluster/find-installation.ts';
import { find } from '#src/cluster/find.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { annotatedDriver } from '#src/domain/backup/snapshot-class.ts';
import {
  examined,
  type Facts,
  type OperatorFacts,
  type Read,
  type Subject,
} from '#src/domain/checks/check.ts';
import { configuredTarget } from '#src/domain/operator/check-configuration.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import type { Right } from '#src/domain/rights.ts';
import { claimsOfTarget, needsPods } from '#src/domain/workload/claims.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';
import { targetTypes } from '#src/domain/workload/kinds.ts';
import { isStashError, StashError } from '#src/errors.ts';

import { executorByDiscovery } from '#src/session/holding/executor.ts';
import { podsOfWorkload } from '#src/session/hooks/pods-of-target.ts';
import { rightsForRestore, rightsForSnapshot } from '#src/session/plan/rights-needed.ts';
import type { Clock } from '#src/domain/clock.ts';
import type { NamespaceReader } from './namespace-reader.ts';

/** Targets that are read at the same time. */
const targetsInFlight = 8;

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

/** Reads and writes nothing. Rejects where the namespace does not exist, and where the API server does not answer. */
export async function readFacts(reader: NamespaceReader, asked: Examined): Promise<Examination> {
  const { namespace } = reader;
  const { target, user, clock } = asked;
  const [groups] = await Promise.all([reader.groups(), reader.namespaceExists()]);
  const [lists, served, operator, missing] = await Promise.all([
    readLists(reader, [...asked.lists, ...ownLists]),
    readServed(reader, [volumeSnapshots, backupSessions]),
    readOperator(reader),
    readMissing(reader, groups),
  ]);
  const listed = <T extends KubernetesObject>(resource: Resource<T>): Read<Stored<T>[]> => {
    const read = lists.get(resource);
    if (read === undefined) throw new StashError('bug', `no check names ${resource.plural} in its lists`);
    return read as Read<Stored<T>[]>;
  };
  const subjects = await readSubjects(reader, subjectsOf({ target, listed }));
  const facts = {
    // Only an answer tells the server's time.
    now: clock.now(),
    ...{ user, namespace, target, groups, listed, operator, missing },
    served: (resource: Resource) => served.get(apiVersionOf(resource)) ?? [],
    points: mapped(listed(volumeSnapshots), (snapshots) => {
      const sessions = listed(backupSessions);
      return restorePoints(snapshots, 'value' in sessions ? sessions.value : []);
    }),
    volumes: await readVolumes(reader, listed, subjects),
  };
  return { facts, subjects };
}

/** The reads from which facts and subjects are built. */
const ownLists: readonly Resource[] = [
  backupConfigurations,
  backupSessions,
  persistentVolumeClaims,
  volumeSnapshots,
  volumeSnapshotClasses,
];

async function readLists(
  { cluster, namespace }: NamespaceReader,
  resources: readonly Resource[],
): Promise<Map<Resource, Read<Stored<KubernetesObject>[]>>> {
  const read = async (resource: Resource) => {
    const scope = resource.namespaced ? { namespace } : {};
    const right = { verb: 'list', resource } as const;
    return [
      resource,
      await orLacking(right, scope.namespace, async () => (await cluster.list(resource, scope)).items),
    ] as const;
  };
  return new Map(await Promise.all([...new Set(resources)].map(read)));
}

async function readServed(
  { cluster }: NamespaceReader,
  resources: readonly Resource[],
): Promise<Map<string, readonly string[]>> {
  const read = async (resource: Resource) => [apiVersionOf(resource), await cluster.kinds(resource)] as const;
  return new Map(await Promise.all(resources.map(read)));
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

async function readSubjects(reader: NamespaceReader, wanted: readonly Wanted[]): Promise<Subject[]> {
  const read = new Map<string, Pick<Subject, 'object' | 'pods'>>();
  const targets = [...new Map(wanted.map(({ target }) => [formatTarget(target), target])).values()];
  await forEachBounded(targets, targetsInFlight, async (target) => {
    const object = await readTarget(reader, target);
    read.set(formatTarget(target), { object, pods: await readPods(reader, object) });
  });
  return wanted.flatMap((each) => {
    const found = read.get(formatTarget(each.target));
    return found ? [{ ...each, ...found }] : [];
  });
}

function readTarget({ cluster }: NamespaceReader, target: Target): Promise<Subject['object']> {
  const { kind, name, namespace } = target;
  const { resource } = targetTypes[kind];
  return orLacking({ verb: 'get', resource }, namespace, async () => {
    const object = await find(cluster, resource, { name, namespace });
    return object && { kind, object };
  });
}

function readPods({ cluster, namespace }: NamespaceReader, object: Subject['object']): Promise<Read<Pod[]>> {
  const found = 'value' in object ? object.value : undefined;
  if (found === undefined || !needsPods(found)) return Promise.resolve({ value: [] });
  const workload = found.object as Stored<KubernetesObject>;
  return orLacking({ verb: 'list', resource: pods }, namespace, () =>
    podsOfWorkload(cluster, found.kind, workload),
  );
}

/** A cluster may have many volumes: they are listed only where a claim's annotations do not name its driver. */
async function readVolumes(
  reader: NamespaceReader,
  listed: Facts['listed'],
  subjects: readonly Subject[],
): Promise<Facts['volumes']> {
  const classes = listed(volumeSnapshotClasses);
  const known = 'value' in classes ? classes.value : [];
  const claims = listed(persistentVolumeClaims);
  const all = 'value' in claims ? claims.value : [];
  const isUntold = subjects.some(({ object, pods, configuration }) => {
    if (!('value' in object && 'value' in pods) || object.value === undefined) return false;
    const replicas = configuration?.spec.target?.replicas;
    const of = claimsOfTarget(object.value, { claims: all, pods: pods.value, replicas });
    if ('failure' in of) return false;
    const names = new Set(of.value.map(({ name }) => name));
    return all.some((claim) => names.has(claim.metadata.name) && annotatedDriver(claim, known) === undefined);
  });
  if (!isUntold) return { value: new Map() };
  const right = { verb: 'list', resource: persistentVolumes } as const;
  const volumes = await orLacking(
    right,
    undefined,
    async () => (await reader.cluster.list(persistentVolumes)).items,
  );
  return mapped(volumes, (items) => new Map(items.map((volume) => [volume.metadata.name, volume])));
}

/** `namespace`: the namespace of the right, for the message where the user lacks it. */
async function orLacking<T>(
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
