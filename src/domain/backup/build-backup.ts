/** Builds the objects of a backup: configuration, session and snapshots. */
import type { Named, PersistentVolumeClaim, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation, label, managedBy, stashApiVersion, stashGroup } from '#src/api/labels.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';

import { cutBefore } from '#src/domain/restore-points/cut-deadline.ts';
import {
  copiedKeeping,
  keepingAnnotations,
  type KeepWishes,
  type Maker,
} from '#src/domain/restore-points/keeping.ts';
import { formatHolder, type Holder } from '#src/domain/session/holder.ts';
import { adHocHooks, type AdHocHooks } from '#src/domain/hooks/hooks.ts';
import {
  invokerName,
  labelValue,
  sessionName,
  snapshotName,
  snapshotNameTaken,
} from '#src/domain/workload/names.ts';
import { sourceClaimOf } from '#src/domain/restore-points/source-claim.ts';
import { placeholderSchedule } from './placeholder.ts';
import { targetAnnotation, refOf, type Target } from '#src/domain/workload/target.ts';

/** A claim that a session snapshots. Without a class, the snapshot controller uses the default class. */
export interface PlannedClaim {
  readonly claim: Stored<PersistentVolumeClaim>;
  readonly snapshotClass?: string | undefined;
  /** The CSI volume handle. Undefined if the user may not read volumes. */
  readonly volumeHandle?: string | undefined;
}

export function targetLabels(target: Target): Record<string, string> {
  return {
    [label.targetKind]: target.kind,
    [label.targetName]: labelValue(target.name),
    [label.targetNamespace]: labelValue(target.namespace),
    [label.managedBy]: managedBy,
  };
}

function invokerLabels(invoker: string): Record<string, string> {
  return { [label.invokerType]: 'BackupConfiguration', [label.invokerName]: labelValue(invoker) };
}

/**
 * Builds a configuration that keeps all restore points. Without `snapshotClassName`, each snapshot may use another
 * class.
 */
export function buildConfiguration(target: Target, snapshotClassName?: string): Named<BackupConfiguration> {
  const name = invokerName(target);
  return {
    apiVersion: stashApiVersion,
    kind: 'BackupConfiguration',
    metadata: {
      name,
      namespace: target.namespace,
      labels: { ...invokerLabels(name), ...targetLabels(target) },
    },
    spec: {
      driver: 'VolumeSnapshotter',
      schedule: placeholderSchedule,
      paused: true,
      target: {
        ref: refOf(target),
        ...(snapshotClassName !== undefined && { snapshotClassName }),
      },
      retentionPolicy: { name: 'keep-all', prune: false },
    },
  };
}

export function buildBackupSession(options: {
  configuration: Stored<BackupConfiguration>;
  target: Target;
  /** If left out, the executor finds the claims. */
  claims?: readonly string[];
  at: Date;
  holder?: Holder | undefined;
  hooks?: AdHocHooks | undefined;
  maker: Maker;
  keep?: KeepWishes | undefined;
  /** `--snapshot-class` */
  snapshotClass?: string | undefined;
}): Named<BackupSession> {
  const { configuration, target, claims, at, holder, hooks, maker, keep, snapshotClass } = options;
  const invoker = configuration.metadata.name;
  return {
    apiVersion: stashApiVersion,
    kind: 'BackupSession',
    metadata: {
      name: sessionName(invoker, at),
      namespace: target.namespace,
      labels: { ...invokerLabels(invoker), ...targetLabels(target) },
      annotations: {
        ...targetAnnotation(target),
        ...keepingAnnotations(maker, keep),
        ...(snapshotClass !== undefined && { [annotation.snapshotClass]: snapshotClass }),
        ...(claims && { [annotation.sessionClaims]: JSON.stringify(claims) }),
        ...(hooks && adHocHooks(hooks)),
        ...(holder && { [annotation.executor]: formatHolder(holder) }),
      },
      ownerReferences: [
        {
          apiVersion: stashApiVersion,
          kind: 'BackupConfiguration',
          name: invoker,
          uid: configuration.metadata.uid,
          controller: true,
        },
      ],
    },
    spec: { invoker: { apiGroup: stashGroup, kind: 'BackupConfiguration', name: invoker } },
  };
}

export function buildSnapshot(options: {
  session: Stored<BackupSession>;
  target: Target;
  planned: PlannedClaim;
  sessionClaims: readonly string[];
  /** Use the second name, because a snapshot of another session has the first. */
  nameTaken: boolean;
  /** The time until which the application may stay quiesced: a later snapshot is not consistent. */
  quietUntil?: Date | undefined;
}): Named<VolumeSnapshot> {
  const { session, target, planned, sessionClaims, nameTaken, quietUntil } = options;
  const { name: claim } = planned.claim.metadata;
  const { name, uid, creationTimestamp } = session.metadata;
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: {
      name: nameTaken
        ? snapshotNameTaken(claim, creationTimestamp, uid)
        : snapshotName(claim, creationTimestamp),
      namespace: target.namespace,
      labels: {
        ...invokerLabels(session.spec.invoker.name),
        ...targetLabels(target),
        [label.backupSession]: labelValue(name),
      },
      annotations: {
        [annotation.sessionUid]: uid,
        [annotation.sessionName]: name,
        [annotation.sessionClaims]: JSON.stringify(sessionClaims),
        ...targetAnnotation(target),
        ...copiedKeeping(session),
        [annotation.sourceClaim]: JSON.stringify(sourceClaimOf(planned.claim, planned.volumeHandle)),
        ...(quietUntil && cutBefore(quietUntil)),
      },
    },
    spec: {
      source: { persistentVolumeClaimName: claim },
      ...(planned.snapshotClass !== undefined && { volumeSnapshotClassName: planned.snapshotClass }),
    },
  };
}
