/** What `doctor` examines: one file for each check, from facts to findings. */
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

/** What the API server answered: the value, the right that the user lacks, that it does not serve the kind, or why it failed. */
export type Read<T> =
  | { readonly value: T }
  | { readonly lacks: Right; readonly namespace?: string | undefined }
  | { readonly unserved: Resource }
  | {
      readonly failed: Resource;
      readonly error: { readonly message: string; readonly hint?: string | undefined };
    };

/** What was read, or undefined. */
export function valueOf<T>(read: Read<T>): T | undefined {
  return 'value' in read ? read.value : undefined;
}

/** The same for a value that is computed from what was read. */
export function mapRead<T, R>(read: Read<T>, change: (value: T) => R): Read<R> {
  return 'value' in read ? { value: change(read.value) } : read;
}

/** What the checks of the cluster look at. Each fact is read once, whichever checks use it. */
export interface ClusterFacts {
  readonly now: Date;
  /** Undefined: all namespaces are examined. */
  readonly namespace: string | undefined;
  /** API groups that the server serves. */
  readonly groups: readonly string[];
  /** Plurals that the server serves of the resource's group and version. */
  readonly served: (resource: Resource) => readonly string[];
  /** Of the namespace, of all namespaces where none is named, or of a cluster-scoped kind: only what the check names in `lists`. */
  readonly listed: <T extends KubernetesObject>(resource: Resource<T>) => Read<readonly Stored<T>[]>;
  /** The Lease of a snapshot controller that elects a leader. */
  readonly controllerLease: Read<Stored<Lease> | undefined>;
  /** Milliseconds by which the API server's clock is ahead of this machine's; undefined if unknown. */
  readonly clockAhead: number | undefined;
  /** The CRDs of the snapshot API that exist. */
  readonly definitions: Read<readonly Stored<CustomResourceDefinition>[]>;
  readonly webhooks: Read<readonly Stored<ValidatingWebhookConfiguration>[]>;
  /** Contents that have lost their snapshot. Read if all namespaces are examined; undefined elsewhere. */
  readonly leaked: Read<readonly Stored<VolumeSnapshotContent>[]> | undefined;
  /** The volumes that restores in place have marked, in all namespaces. */
  readonly swapped: Read<readonly Stored<PersistentVolume>[]>;
}

/** What the checks of a namespace, its configurations and targets look at. */
export interface Facts extends ClusterFacts {
  readonly user: string;
  readonly namespace: string;
  /** That the command line names; undefined: all configurations of the namespace are examined. */
  readonly target: Target | undefined;
  readonly operator: OperatorFacts;
  /** Rights that the user lacks, by what they are needed for: `snapshot`, `restore`. */
  readonly missing: ReadonlyMap<string, readonly Right[]>;
  /** Newest first. */
  readonly points: Read<readonly RestorePoint[]>;
  /** By name; the volumes of the claims that are examined. */
  readonly volumes: Read<ReadonlyMap<string, Stored<PersistentVolume>>>;
  /** The nodes that those volumes name as the only ones that can use them. */
  readonly nodes: Read<readonly Stored<ClusterNode>[]>;
  /** The contents of snapshots that wait for their driver, by the content's name. */
  readonly contents: Read<Contents>;
  /** Whether each secret exists that a snapshot class of a driver in use names. By `NAMESPACE/NAME`. */
  readonly secrets: ReadonlyMap<string, Read<boolean>>;
  /** The Leases of the csi-snapshotters of the drivers in use, in any namespace. */
  readonly sidecarLeases: Read<readonly Stored<Lease>[]>;
  /** Warnings about VolumeSnapshots. */
  readonly events: Read<readonly Stored<Event>[]>;
  /** Rights that the user lacks to run the commands of hooks. */
  readonly missingForHooks: readonly Right[];
  readonly operatorJobs: Read<JobsSeen>;
  /** By name of a configuration, whether the API server would admit the pod of a Job of its sessions. */
  readonly jobPods: ReadonlyMap<string, Read<Verdict>>;
  /** Kinds that a session creates, and whether the API server would admit one, as a dry run answers. */
  readonly admission: readonly Admission[];
}

/** The API server's answer to a dry run. */
export interface Verdict {
  /** The API server's words; undefined if it would be admitted. */
  readonly refusal: string | undefined;
  /** A command that shows why, if the refusal tells. */
  readonly hint?: string;
}

export interface Admission extends Verdict {
  readonly resource: Resource;
}

/** Jobs of our operator. */
export interface JobsSeen {
  readonly jobs: readonly Stored<Job>[];
  /** The pods of the Jobs that have not ended, and maybe of other Jobs. */
  readonly pods: readonly Stored<Pod>[];
}

export interface OperatorFacts {
  /** As the operator's ClusterRoleBindings tell it; undefined if there is none. */
  readonly installed: Read<Installation | undefined>;
  /** Where the operator is installed, else where `install` puts it. */
  readonly home: string;
  readonly lease: Read<Stored<Lease> | undefined>;
}

/** What a snapshot is taken of, and under which configuration. */
export interface Subject {
  readonly target: Target;
  /** Undefined: the command line names the target, and no configuration does. */
  readonly configuration: Stored<BackupConfiguration> | undefined;
  /** Undefined if it does not exist. */
  readonly object: Read<TargetObject | undefined>;
  /** Read only if the claims of the target depend on its pods. */
  readonly pods: Read<readonly Pod[]>;
}

interface Named {
  readonly name: string;
  /** What it finds out, for the reference. */
  readonly about: string;
  /** Collections that `find` reads by `facts.listed`. */
  readonly lists?: readonly Resource[];
  /** Rights by which the other facts are read. */
  readonly rights?: readonly Right[];
  /**
   * Names of checks before it in the list. If one of them fails, what this check would find is a consequence of that, and
   * it does not run.
   */
  readonly after?: readonly string[];
}

/** Where all namespaces are examined, it runs once. */
export interface CheckOfCluster extends Named {
  readonly of: 'cluster';
  readonly find: (facts: ClusterFacts) => Finding[];
}

export interface CheckOfNamespace extends Named {
  readonly of: 'namespace';
  readonly find: (facts: Facts) => Finding[];
}

/** `subject`: undefined if the configuration names no target that could be snapshotted. */
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

/** `of`: what the findings are about. */
export type Check = CheckOfCluster | CheckOfNamespace | CheckOfConfiguration | CheckOfTarget;

/** The configurations that are examined: those of the target, or all; none if they cannot be read. */
export function examined(facts: Pick<Facts, 'listed' | 'target'>): readonly Stored<BackupConfiguration>[] {
  const { target } = facts;
  const read = facts.listed(backupConfigurations);
  if (!('value' in read)) return [];
  const own = read.value.filter(({ spec }) => spec.driver === 'VolumeSnapshotter');
  return target === undefined ? own : own.filter((configuration) => isFor(configuration, target));
}

/** The findings about a value; if there is none, that they are unknown, and why. */
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

/** Without these there is no snapshot and no restore. */
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
