/** The facts that `doctor` reads, and the interface of its checks. Each check has a file in this directory. */
import type {
  ClusterNode,
  CustomResourceDefinition,
  Event,
  Job,
  KubernetesObject,
  Lease,
  PersistentVolume,
  Pod,
  Stored,
  ValidatingWebhookConfiguration,
  VolumeSnapshotContent,
} from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  backupSessions,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshotClasses,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { isFor } from '#src/domain/configuration/choose-configuration.ts';
import { failure, type Finding } from '#src/domain/finding.ts';
import type { Installation } from '#src/domain/install/bindings.ts';
import type { RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import type { Contents } from '#src/domain/restore/snapshot-origin.ts';
import { formatRight, type Right } from '#src/domain/rights.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import type { TargetObject } from '#src/domain/workload/claims.ts';
import type { Target } from '#src/domain/workload/target.ts';

/**
 * The API server's answer: the value, the right that the user lacks, the kind that the server does not serve, or why it
 * failed.
 */
export type Read<T> =
  | { readonly value: T }
  | { readonly lacks: Right; readonly namespace?: string | undefined }
  | { readonly unserved: Resource }
  | {
      readonly failed: Resource;
      readonly error: { readonly message: string; readonly hint?: string | undefined };
    };

/** Returns the value that the API server answered, or undefined. */
export function valueOf<T>(read: Read<T>): T | undefined {
  return 'value' in read ? read.value : undefined;
}

/** Applies `change` to the value; every other answer stays the same. */
export function mapRead<T, R>(read: Read<T>, change: (value: T) => R): Read<R> {
  return 'value' in read ? { value: change(read.value) } : read;
}

/** The facts for the checks of the cluster. `doctor` reads each fact once, however many checks use it. */
export interface ClusterFacts {
  readonly now: Date;
  /** Undefined if `doctor` examines all namespaces. */
  readonly namespace: string | undefined;
  /** API groups that the API server serves. */
  readonly groups: readonly string[];
  /** The plurals that the API server serves in the group and version of the resource. */
  readonly served: (resource: Resource) => readonly string[];
  /**
   * The objects of a kind in the namespace, or in all namespaces if `namespace` is undefined. A check must name the
   * kind in `lists`.
   */
  readonly listed: <T extends KubernetesObject>(resource: Resource<T>) => Read<readonly Stored<T>[]>;
  /** The Lease of a snapshot controller that elects a leader. */
  readonly controllerLease: Read<Stored<Lease> | undefined>;
  /** Milliseconds by which the API server's clock is ahead of this machine's. Undefined if not known. */
  readonly clockAhead: number | undefined;
  /** The CustomResourceDefinitions of the snapshot API that exist. */
  readonly definitions: Read<readonly Stored<CustomResourceDefinition>[]>;
  readonly webhooks: Read<readonly Stored<ValidatingWebhookConfiguration>[]>;
  /** VolumeSnapshotContents that have lost their VolumeSnapshot. Undefined unless `doctor` examines all namespaces. */
  readonly leaked: Read<readonly Stored<VolumeSnapshotContent>[]> | undefined;
  /** The PersistentVolumes that restores in place have marked, for claims of all namespaces. */
  readonly swapped: Read<readonly Stored<PersistentVolume>[]>;
}

/** The facts for the checks of a namespace, its configurations and its targets. */
export interface Facts extends ClusterFacts {
  readonly user: string;
  readonly namespace: string;
  /** The target that the command line names. Undefined if `doctor` examines all configurations of the namespace. */
  readonly target: Target | undefined;
  readonly operator: OperatorFacts;
  /** Rights that the user lacks, by the command that needs them: `snapshot`, `restore`. */
  readonly missing: ReadonlyMap<string, readonly Right[]>;
  /** Newest first. */
  readonly points: Read<readonly RestorePoint[]>;
  /** The volumes of the examined claims, by name. */
  readonly volumes: Read<ReadonlyMap<string, Stored<PersistentVolume>>>;
  /** The nodes to which the node affinity of those volumes restricts their use. */
  readonly nodes: Read<readonly Stored<ClusterNode>[]>;
  /** By name: the VolumeSnapshotContents of snapshots that wait for their driver. */
  readonly contents: Read<Contents>;
  /** By `NAMESPACE/NAME`: whether a Secret exists that a snapshot class of the drivers in use names. */
  readonly secrets: ReadonlyMap<string, Read<boolean>>;
  /** The Leases of the csi-snapshotters of the drivers in use, in any namespace. */
  readonly sidecarLeases: Read<readonly Stored<Lease>[]>;
  /** Events of type Warning about VolumeSnapshots. */
  readonly events: Read<readonly Stored<Event>[]>;
  /** Rights that the user lacks to run the commands of hooks. */
  readonly missingForHooks: readonly Right[];
  readonly operatorJobs: Read<JobsSeen>;
  /** By configuration: whether the API server would admit the pod of a Job for its sessions. */
  readonly jobPods: ReadonlyMap<string, Read<Verdict>>;
  /** The kinds that a session creates, and the API server's answer to a dry run for each. */
  readonly admission: readonly Admission[];
}

/** The API server's answer to a dry run. */
export interface Verdict {
  /** The API server's message. Undefined if it would admit the object. */
  readonly refusal: string | undefined;
  /** A command that shows the cause, if the refusal names it. */
  readonly hint?: string;
}

export interface Admission extends Verdict {
  readonly resource: Resource;
}

/** Jobs of our operator. */
export interface JobsSeen {
  readonly jobs: readonly Stored<Job>[];
  /** The pods of Jobs that have not ended, and maybe of other Jobs. */
  readonly pods: readonly Stored<Pod>[];
}

export interface OperatorFacts {
  /** What the operator's ClusterRoleBindings say. Undefined if there are none. */
  readonly installed: Read<Installation | undefined>;
  /** The namespace of the operator; if it is not installed, the one that `install` uses by default. */
  readonly home: string;
  readonly lease: Read<Stored<Lease> | undefined>;
}

/** What a snapshot is taken of, and under which configuration. */
export interface Subject {
  readonly target: Target;
  /** Undefined if the command line names the target, and no configuration does. */
  readonly configuration: Stored<BackupConfiguration> | undefined;
  /** Undefined if the target does not exist. */
  readonly object: Read<TargetObject | undefined>;
  /** Read only if the claims of the target depend on its pods. */
  readonly pods: Read<readonly Pod[]>;
}

interface Named {
  readonly name: string;
  /** What the check finds out, for docs/reference/doctor.md. */
  readonly about: string;
  /** Collections that `find` reads by `facts.listed`. */
  readonly lists?: readonly Resource[];
  /** The rights that reading the other facts needs. */
  readonly rights?: readonly Right[];
  /**
   * Names of earlier checks in the list. If one of them fails, this check would only find the consequences, and does
   * not run.
   */
  readonly after?: readonly string[];
}

/** `doctor` runs it once, also if it examines all namespaces. */
export interface CheckOfCluster extends Named {
  readonly of: 'cluster';
  readonly find: (facts: ClusterFacts) => Finding[];
}

export interface CheckOfNamespace extends Named {
  readonly of: 'namespace';
  readonly find: (facts: Facts) => Finding[];
}

/** `subject` is undefined if the configuration names no target that a session could snapshot. */
export interface CheckOfConfiguration extends Named {
  readonly of: 'configuration';
  readonly find: (
    facts: Facts,
    configuration: Stored<BackupConfiguration>,
    subject: Subject | undefined,
  ) => Finding[];
}

export interface CheckOfTarget extends Named {
  readonly of: 'target';
  readonly find: (facts: Facts, subject: Subject) => Finding[];
}

/** `of` says what the findings are about. */
export type Check = CheckOfCluster | CheckOfNamespace | CheckOfConfiguration | CheckOfTarget;

/** Returns the configurations to examine: those of the target, or all. None if the user may not list them. */
export function examined(facts: Pick<Facts, 'listed' | 'target'>): readonly Stored<BackupConfiguration>[] {
  const { target } = facts;
  const read = facts.listed(backupConfigurations);
  if (!('value' in read)) return [];
  const own = read.value.filter(({ spec }) => spec.driver === 'VolumeSnapshotter');
  return target === undefined ? own : own.filter((configuration) => isFor(configuration, target));
}

/** Returns the findings about the value. Without a value, returns one finding that says why the facts are unknown. */
export function whereRead<T>(read: Read<T>, find: (value: T) => Finding[]): Finding[] {
  if ('value' in read) return find(read.value);
  if ('unserved' in read) {
    const { plural, group } = read.unserved;
    return [{ level: 'unknown', message: `the server has no ${plural}.${group}` }];
  }
  if ('failed' in read) return [unanswered(read)];
  const where = read.namespace === undefined ? '' : ` in namespace ${read.namespace}`;
  return [{ level: 'unknown', message: `needs ${formatRight(read.lacks)}${where}`, right: read.lacks }];
}

/** Kinds without which neither a snapshot nor a restore works. */
const needed: readonly Resource[] = [
  ...[backupConfigurations, backupSessions, restoreSessions],
  ...[persistentVolumeClaims, volumeSnapshots, volumeSnapshotClasses],
];

function unanswered({
  failed,
  error: { message, hint },
}: Extract<Read<unknown>, { readonly failed: Resource }>): Finding {
  const told = sanitize(
    message.includes(failed.plural) ? message : `could not read ${failed.plural}: ${message}`,
  );
  const isNeeded = needed.some(({ plural, group }) => plural === failed.plural && group === failed.group);
  return isNeeded ? failure('server', told, { hint }) : { level: 'unknown', message: told, hint };
}
