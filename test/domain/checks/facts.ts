/** Facts of a cluster in which nothing is wrong, and the changes to them that a test makes. */
import type {
  KubernetesObject,
  Lease,
  PersistentVolume,
  Stored,
  VolumeSnapshotClass,
} from '#src/api/kubernetes.ts';
import { annotation, appscodeOperatorGroup } from '#src/api/labels.ts';
import {
  backupConfigurations,
  persistentVolumeClaims,
  volumeSnapshotClasses,
  type Resource,
} from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import type { Check, Facts, Read, Subject } from '#src/domain/checks/check.ts';
import type { Finding } from '#src/domain/finding.ts';
import type { Right } from '#src/domain/rights.ts';
import { claim, created, statefulSet, stored, target } from '#test/domain/objects.ts';

export const driver = 'disk.example.com';
export const now = new Date('2026-03-14T12:00:00Z');

export interface Changes extends Partial<Omit<Facts, 'listed' | 'served'>> {
  /** In place of those of the same plural. */
  readonly lists?: Readonly<Record<string, readonly Stored<KubernetesObject>[] | 'lacks' | 'unserved'>>;
  /** Plurals of any group. */
  readonly served?: readonly string[];
}

export function facts({ lists = {}, served = [], ...changes }: Changes = {}): Facts {
  return {
    ...{ now, user: 'jane', namespace: 'demo', target: undefined },
    groups: ['stash.appscode.com', 'snapshot.storage.k8s.io'],
    served: () => served,
    listed: <T extends KubernetesObject>(resource: Resource<T>) =>
      read(resource, lists[resource.plural] ?? []),
    operator: { installed: { value: undefined }, home: 'kubectl-stash', lease: { value: undefined } },
    missing: new Map(),
    points: { value: [] },
    volumes: { value: new Map() },
    nodes: { value: [] },
    contents: { value: new Map() },
    secrets: new Map(),
    admission: [],
    controllerLease: { value: undefined },
    ...{
      clockAhead: undefined,
      leaked: undefined,
      definitions: { value: [] },
      webhooks: { value: [] },
      swapped: { value: [] },
    },
    ...{
      sidecarLeases: { value: [] },
      events: { value: [] },
      missingForHooks: [],
      operatorJobs: { value: { jobs: [], pods: [] } },
      jobPods: new Map(),
    },
    ...changes,
  };
}

export const withAppscode = ['stash.appscode.com', appscodeOperatorGroup];

function read<T extends KubernetesObject>(
  resource: Resource<T>,
  told: readonly Stored<KubernetesObject>[] | 'lacks' | 'unserved',
): Read<readonly Stored<T>[]> {
  if (told === 'lacks') return lacking({ verb: 'list', resource });
  return told === 'unserved' ? { unserved: resource } : { value: told as readonly Stored<T>[] };
}

export function lacking(lacks: Right): { readonly lacks: Right } {
  return { lacks };
}

/** StatefulSet db of two replicas. */
export function subject(changes: Partial<Subject> = {}): Subject {
  return {
    target,
    configuration: undefined,
    object: { value: { kind: target.kind, object: statefulSet(2) } },
    pods: { value: [] },
    ...changes,
  };
}

/** The claims of that StatefulSet, whose annotation names the driver. */
export const claims = ['data-db-0', 'data-db-1'].map((name) =>
  claim(name, {
    metadata: {
      ...claim(name).metadata,
      annotations: { 'volume.kubernetes.io/storage-provisioner': driver },
    },
  }),
);

export function snapshotClass(
  name: string,
  isDefault?: 'true',
  of: string = driver,
): Stored<VolumeSnapshotClass> {
  return stored<VolumeSnapshotClass>({
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    metadata: { name, ...(isDefault && { annotations: { [annotation.defaultSnapshotClass]: isDefault } }) },
    driver: of,
    deletionPolicy: 'Delete',
  });
}

/** Of a leader that renewed it at this time. */
export function lease(holderIdentity: string, renewed: Date): Stored<Lease> {
  return stored<Lease>({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'leader' },
    spec: { holderIdentity, renewTime: renewed.toISOString() },
  });
}

/** Volumes of those claims. `source`: their spec beside capacity and access modes. */
export function volumesOf(source: object, names = claims.map(({ metadata }) => metadata.name)): Changes {
  const volumes = names.map((name) =>
    stored<PersistentVolume>({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `pv-${name}` },
      spec: { capacity: { storage: '1Gi' }, accessModes: [], ...source },
    }),
  );
  return { volumes: { value: new Map(volumes.map((each) => [each.metadata.name, each])) } };
}

export const good = {
  [persistentVolumeClaims.plural]: claims,
  [volumeSnapshotClasses.plural]: [snapshotClass('fast')],
  [backupConfigurations.plural]: [],
};

/** What a check of the cluster or the namespace finds, a line for each: `fail: why (fix: how)`. */
export function ofNamespace(check: Check, changes?: Changes): string[] {
  if (check.of !== 'namespace' && check.of !== 'cluster')
    throw new Error(`${check.name} is of a ${check.of}`);
  return check.find(facts(changes)).map(line);
}

export function ofConfiguration(
  check: Check,
  configuration: Stored<BackupConfiguration>,
  changes?: Changes,
  one: Partial<Subject> = {},
): string[] {
  if (check.of !== 'configuration') throw new Error(`${check.name} is of a ${check.of}`);
  return check.find(facts(changes), configuration, subject({ configuration, ...one })).map(line);
}

export function ofTarget(check: Check, one: Partial<Subject>, changes?: Changes): string[] {
  if (check.of !== 'target') throw new Error(`${check.name} is of a ${check.of}`);
  return check.find(facts(changes), subject(one)).map(line);
}

function line({ level, message, fix }: Finding): string {
  return `${level}: ${message}${fix === undefined ? '' : ` (fix: ${fix})`}`;
}

/** So many hours after the objects of tests were created. */
export function hoursLater(hours: number): Date {
  return new Date(Date.parse(created) + hours * 3_600_000);
}
