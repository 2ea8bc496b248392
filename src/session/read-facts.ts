/** Reads what `doctor` examines, with the user's own rights. */
import type { KubernetesObject, Pod, PersistentVolumeClaim, Stored, Workload } from '#src/api/kubernetes.ts';
import { clusterRole, operatorName, operatorNamespace } from '#src/api/operator.ts';
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
import { find } from '#src/cluster/find.ts';
import { annotatedDriver } from '#src/domain/backup/snapshot-class.ts';
import {
  examined,
  type Facts,
  type OperatorFacts,
  type Read,
  type Subject,
} from '#src/domain/checks/check.ts';
import { operatorHome } from '#src/domain/install/bindings.ts';
import { configuredTarget } from '#src/domain/operator/check-configuration.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import type { Right } from '#src/domain/rights.ts';
import { claimsOfTarget, needsPods, type TargetObject } from '#src/domain/workload/claims.ts';
import { formatTarget, targetTypes, type Target } from '#src/domain/workload/target.ts';
import { isStashError, StashError } from '#src/errors.ts';

import { executorByDiscovery } from './executor.ts';
import { forEachBounded } from './persist.ts';
import { podsOfWorkload } from './pods-of-target.ts';
import { rightsForRestore, rightsForSnapshot } from './rights-needed.ts';
import type { Surroundings } from './surroundings.ts';

/** So many targets are read at once. */
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
  readonly now: Date;
}

/** Reads, and writes nothing. Rejects where the namespace does not exist, and where the API server does not answer. */
export async function readFacts(around: Surroundings, asked: Examined): Promise<Examination> {
  const { namespace } = around;
  const { target, user, now } = asked;
  const [groups] = await Promise.all([around.groups(), around.namespaceExists()]);
  const [lists, served, operator, missing] = await Promise.all([
    readLists(around, [...asked.lists, ...ownLists]),
    readServed(around, [volumeSnapshots, backupSessions]),
    readOperator(around),
    readMissing(around, groups),
  ]);
  const listed = <T extends KubernetesObject>(resource: Resource<T>): Read<Stored<T>[]> => {
    const read = lists.get(resource);
    if (read === undefined) throw new StashError('bug', `no check names ${resource.plural} in its lists`);
    return read as Read<Stored<T>[]>;
  };
  const subjects = await readSubjects(around, subjectsOf({ target, listed }));
  const facts = {
    ...{ now, user, namespace, target, groups, listed, operator, missing },
    served: (resource: Resource) => served.get(apiVersionOf(resource)) ?? [],
    points: mapped(listed(volumeSnapshots), (snapshots) => {
      const sessions = listed(backupSessions);
      return restorePoints(snapshots, 'value' in sessions ? sessions.value : []);
    }),
    volumes: await readVolumes(around, listed, subjects),
  };
  return { facts, subjects };
}

/** Those that facts and subjects are made of. */
const ownLists: readonly Resource[] = [
  backupConfigurations,
  backupSessions,
  persistentVolumeClaims,
  volumeSnapshots,
  volumeSnapshotClasses,
];

async function readLists(
  { cluster, namespace }: Surroundings,
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
  { cluster }: Surroundings,
  resources: readonly Resource[],
): Promise<Map<string, readonly string[]>> {
  const read = async (resource: Resource) => [apiVersionOf(resource), await cluster.kinds(resource)] as const;
  return new Map(await Promise.all(resources.map(read)));
}

async function readOperator({ cluster }: Surroundings): Promise<OperatorFacts> {
  const bindingRight = { verb: 'get', resource: clusterRoleBindings } as const;
  const binding = await orLacking(bindingRight, undefined, () =>
    find(cluster, clusterRoleBindings, { name: clusterRole.operator }),
  );
  const found = 'value' in binding ? binding.value : undefined;
  const home = (found && operatorHome(found)) ?? operatorNamespace;
  const lease = await orLacking({ verb: 'get', resource: leases }, home, () =>
    find(cluster, leases, { name: operatorName, namespace: home }),
  );
  return { binding, home, lease };
}

async function readMissing(
  { missing }: Surroundings,
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

async function readSubjects(around: Surroundings, wanted: readonly Wanted[]): Promise<Subject[]> {
  const read = new Map<string, Pick<Subject, 'object' | 'pods'>>();
  const targets = [...new Map(wanted.map(({ target }) => [formatTarget(target), target])).values()];
  await forEachBounded(targets, targetsInFlight, async (target) => {
    const object = await readTarget(around, target);
    read.set(formatTarget(target), { object, pods: await readPods(around, object) });
  });
  return wanted.flatMap((each) => {
    const found = read.get(formatTarget(each.target));
    return found ? [{ ...each, ...found }] : [];
  });
}

function readTarget({ cluster }: Surroundings, target: Target): Promise<Subject['object']> {
  const { kind, name, namespace } = target;
  const resource: Resource<Workload | PersistentVolumeClaim> = targetTypes[kind].resource;
  return orLacking({ verb: 'get', resource }, namespace, async () => {
    const object = await find(cluster, resource, { name, namespace });
    return object && { kind, object };
  });
}

function readPods({ cluster, namespace }: Surroundings, object: Subject['object']): Promise<Read<Pod[]>> {
  const found = 'value' in object ? object.value : undefined;
  if (found === undefined || !hasPodClaims(found)) return Promise.resolve({ value: [] });
  const workload = found.object as Stored<Workload>;
  return orLacking({ verb: 'list', resource: pods }, namespace, () =>
    podsOfWorkload(cluster, found.kind, workload),
  );
}

function hasPodClaims({ object }: TargetObject): boolean {
  return 'template' in object.spec && needsPods(object as Workload);
}

/** Volumes are many: they are listed only where a claim does not tell its driver. */
async function readVolumes(
  around: Surroundings,
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
    const names = new Set(
      claimsOfTarget(object.value, { claims: all, pods: pods.value, replicas }).map(({ name }) => name),
    );
    return all.some((claim) => names.has(claim.metadata.name) && annotatedDriver(claim, known) === undefined);
  });
  if (!isUntold) return { value: new Map() };
  const right = { verb: 'list', resource: persistentVolumes } as const;
  const volumes = await orLacking(
    right,
    undefined,
    async () => (await around.cluster.list(persistentVolumes)).items,
  );
  return mapped(volumes, (items) => new Map(items.map((volume) => [volume.metadata.name, volume])));
}

/** `namespace`: that of the right, which is named where the user lacks it. */
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
