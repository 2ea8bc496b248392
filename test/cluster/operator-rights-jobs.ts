/**
 * Why the Jobs' roles have each of their rights: the smallest session that fails, or reports less, without
 * it.
 */
import type { Stored, VolumeSnapshot, Workload } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import {
  backupConfigurations,
  backupSessions,
  deployments,
  persistentVolumeClaims,
  pods,
  restoreSessions,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { snapshotName } from '#src/domain/workload/names.ts';
import { StashError } from '#src/errors.ts';
import { targetApiVersion } from '#src/domain/workload/target.ts';
import { targetTypes, type TargetKind } from '#src/domain/workload/kinds.ts';
import { claim, deployment } from '#test/e2e/manifests.ts';
import { configuration, restoreSession } from '#test/e2e/operator/manifests.ts';
import type { TestServer } from '#test/e2e/server.ts';
import { claimFrom } from '#test/support/claim-from.ts';
import { until } from '#test/support/until.ts';

import { makeNamespace } from './operator-rights-accounts.ts';

export type JobRole = 'trigger' | 'snapshotter' | 'restorer';

export interface JobNeed {
  readonly role: JobRole;
  /** The permission to remove from the role. */
  readonly permission: string;
  /** Where the missing right is reported: in the session, or in the Job's log, which the operator reads. */
  readonly told: 'session' | 'exit';
  readonly configuration?: string;
  readonly restore?: Partial<RestoreSession['spec']>;
  readonly storageClass?: string;
  /** Holder annotation of the session. */
  readonly held?: string;
  /** A foreign object has the name of the session's first object. */
  readonly taken?: true;
  /** The server creates the first claim, but its answer does not arrive. */
  readonly lost?: true;
}

const stash = 'stash.appscode.com';
const snapshots = 'volumesnapshots.snapshot.storage.k8s.io';
const claims = 'persistentvolumeclaims';
const command = { exec: { command: ['/bin/sh', '-c', 'true'] } };

export const workloadKinds = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
] as const;

/** Returns a restore with a hook that runs in the pods of a workload. */
export function restoreOf(kind: TargetKind): Partial<RestoreSession['spec']> {
  return { hooks: { preRestore: command }, target: { ref: refTo(kind) } };
}

function refTo(kind: TargetKind) {
  return { apiVersion: targetApiVersion(kind), kind, name: 'app' };
}

export function pluralOf(kind: TargetKind): string {
  const { group, plural } = targetTypes[kind].resource;
  return group === '' ? plural : `${plural}.${group}`;
}

const otherHolder = 'other 1';

/**
 * `pods get` and the rights that only improve messages are tested separately, because no session fails
 * without them.
 */
export const jobNeeds: readonly JobNeed[] = [
  { role: 'trigger', permission: `get backupconfigurations.${stash}`, told: 'exit' },
  { role: 'trigger', permission: `list backupsessions.${stash}`, told: 'exit' },
  { role: 'trigger', permission: `create backupsessions.${stash}`, told: 'exit' },
  ...(
    [
      { permission: `get backupconfigurations.${stash}`, told: 'session' },
      { permission: `get backupsessions.${stash}`, told: 'exit' },
      { permission: `list backupsessions.${stash}`, told: 'exit', held: otherHolder },
      { permission: `watch backupsessions.${stash}`, told: 'exit', held: otherHolder },
      { permission: `patch backupsessions.${stash}`, told: 'exit' },
      { permission: `patch backupsessions.${stash}/status`, told: 'exit' },
      { permission: `get ${snapshots}`, told: 'session', taken: true },
      { permission: `list ${snapshots}`, told: 'session' },
      { permission: `watch ${snapshots}`, told: 'session', configuration: 'never' },
      { permission: `create ${snapshots}`, told: 'session' },
      { permission: `get ${claims}`, told: 'session' },
      { permission: `list ${claims}`, told: 'session' },
      ...workloadKinds.map((kind) => ({
        permission: `get ${pluralOf(kind)}`,
        told: 'session' as const,
        configuration: kind.toLowerCase(),
      })),
      { permission: 'list pods', told: 'session', configuration: 'hooked' },
      { permission: 'get pods/exec', told: 'session', configuration: 'hooked' },
      { permission: 'create pods/exec', told: 'session', configuration: 'hooked' },
    ] as const
  ).map((need) => ({ ...need, role: 'snapshotter' as const })),
  ...(
    [
      { permission: `get restoresessions.${stash}`, told: 'exit' },
      { permission: `list restoresessions.${stash}`, told: 'exit', held: otherHolder },
      { permission: `watch restoresessions.${stash}`, told: 'exit', held: otherHolder },
      { permission: `patch restoresessions.${stash}`, told: 'exit' },
      { permission: `patch restoresessions.${stash}/status`, told: 'exit' },
      { permission: `get ${claims}`, told: 'session', lost: true, storageClass: 'broken' },
      { permission: `list ${claims}`, told: 'session' },
      { permission: `watch ${claims}`, told: 'session', storageClass: 'broken' },
      { permission: `create ${claims}`, told: 'session' },
      { permission: `list ${snapshots}`, told: 'session' },
      ...workloadKinds.map((kind) => ({
        permission: `get ${pluralOf(kind)}`,
        told: 'session' as const,
        restore: restoreOf(kind),
      })),
      { permission: 'list pods', told: 'session', restore: restoreOf('Deployment') },
      { permission: 'get pods/exec', told: 'session', restore: restoreOf('Deployment') },
      { permission: 'create pods/exec', told: 'session', restore: restoreOf('Deployment') },
    ] as const
  ).map((need) => ({ ...need, role: 'restorer' as const })),
];

export interface JobHome {
  readonly namespace: string;
  backup(name: string, options?: Pick<JobNeed, 'configuration' | 'held'>): Promise<Stored<BackupSession>>;
  restore(
    name: string,
    options?: Pick<JobNeed, 'restore' | 'held' | 'storageClass'>,
  ): Promise<Stored<RestoreSession>>;
  /** Creates an object with the name of the session's own snapshot. */
  takeSnapshotName(session: Stored<BackupSession>): Promise<void>;
  /** Wraps the cluster: creates the first claim, but drops the answer. */
  readonly loseAnswer: (cluster: Cluster) => Cluster;
}

/** Creates a namespace with each kind of target, a configuration for each, and a restore point. */
export async function openJobHome(server: TestServer, neverReady: string): Promise<JobHome> {
  const { cluster, storageClass } = server;
  const namespace = await makeNamespace(server);
  const place = { namespace };
  const at = <T extends { metadata: object }>(object: T): T => ({
    ...object,
    metadata: { ...object.metadata, namespace },
  });
  await cluster.create(persistentVolumeClaims, at(claim('data', storageClass)));
  await cluster.create(deployments, at(deployment('app', ['data'])));
  for (const kind of workloadKinds.slice(1)) {
    await cluster.create(targetTypes[kind].resource as Resource<Workload>, at(idle(kind)));
  }
  await until(cluster, persistentVolumeClaims, place, ([it]) => it?.status?.phase === 'Bound');
  await until(cluster, pods, place, (all) =>
    all.some(({ metadata, status }) => metadata.labels?.['app'] === 'app' && status?.phase === 'Running'),
  );
  const configurations: BackupConfiguration[] = [
    configuration('plain', { kind: 'PersistentVolumeClaim', target: 'data' }),
    configuration('never', { kind: 'PersistentVolumeClaim', target: 'data', snapshotClassName: neverReady }),
    configuration('hooked', { target: 'app', spec: { hooks: { preBackup: command, postBackup: command } } }),
    ...workloadKinds.map((kind) => configuration(kind.toLowerCase(), { kind, target: 'app' })),
  ];
  for (const each of configurations) await cluster.create(backupConfigurations, at(each));
  await cluster.create(volumeSnapshots, at(snapshotOf('ready', 'data')));
  await until(cluster, volumeSnapshots, place, ([it]) => it?.status?.readyToUse === true);

  const annotated = (name: string, held: string | undefined) => ({
    ...{ name, namespace },
    ...(held !== undefined && { annotations: { [annotation.executor]: held } }),
  });
  return {
    namespace,
    backup: (name, { configuration: invoker = 'plain', held } = {}) =>
      cluster.create(backupSessions, {
        apiVersion: 'stash.appscode.com/v1beta1',
        kind: 'BackupSession',
        metadata: annotated(name, held),
        spec: { invoker: { apiGroup: stash, kind: 'BackupConfiguration', name: invoker } },
      }),
    restore(name, { restore = {}, held, storageClass: ofClass = storageClass } = {}) {
      const { spec, ...made } = restoreSession(name, [claimFrom('ready', name, ofClass)]);
      const target = { ...spec.target, ...restore.target };
      return cluster.create(restoreSessions, {
        ...made,
        metadata: annotated(name, held),
        spec: { ...spec, ...restore, target },
      });
    },
    async takeSnapshotName({ metadata }) {
      await cluster.create(
        volumeSnapshots,
        at(snapshotOf(snapshotName('data', metadata.creationTimestamp), 'data')),
      );
    },
    loseAnswer: (theirs) => {
      let lost = false;
      return {
        ...theirs,
        async create(resource, object, options) {
          const made = await theirs.create(resource, object, options);
          if (lost || (resource as Resource) !== persistentVolumeClaims) return made;
          lost = true;
          throw new StashError('unreachable', 'the answer is lost');
        },
        // The answer is lost before the watch reports the claim.
        async *watch(resource, scope, signal) {
          for await (const event of theirs.watch(resource, scope, signal)) {
            if ((resource as Resource) !== persistentVolumeClaims || event.type === 'listed') yield event;
          }
        },
      };
    },
  };
}

function snapshotOf(name: string, persistentVolumeClaimName: string): VolumeSnapshot {
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name },
    spec: { source: { persistentVolumeClaimName } },
  };
}

/** Returns a workload with no replicas, if its kind supports that. */
function idle(kind: TargetKind): Workload {
  const { metadata, spec } = deployment('app', ['data']);
  const labels = { app: `app-${kind.toLowerCase()}` };
  const core = kind === 'ReplicationController';
  return {
    apiVersion: targetApiVersion(kind),
    kind,
    metadata,
    spec: {
      selector: core ? labels : { matchLabels: labels },
      template: { ...spec.template, metadata: { labels } },
      ...(kind !== 'DaemonSet' && { replicas: 0 }),
      ...(kind === 'StatefulSet' && { serviceName: 'app' }),
    },
  };
}
