/** Makes the objects of a session for `--dry-run`: the same objects in the same order, but stores none. */
import type { KubernetesObject, Named, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  backupSessions,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { buildBackupSession, buildConfiguration, buildSnapshot } from '#src/domain/backup/build-backup.ts';
import { buildClaim } from '#src/domain/restore/build-restore.ts';
import { isStashError } from '#src/errors.ts';

import type { BackupPlan, BackupRequest } from './plan-backup.ts';

export interface DryRun {
  /** Resolves with the object as it would be stored. */
  readonly create: <T extends KubernetesObject>(
    resource: Resource<T>,
    object: Named<T>,
  ) => Promise<Stored<T>>;
  /** The objects that would be created so far, in order. */
  readonly shown: readonly KubernetesObject[];
}

/** Sends no request. `shown` lacks the fields that the API server would add. */
export function clientDryRun(now: Date): DryRun {
  const shown: KubernetesObject[] = [];
  return {
    shown,
    create: (_, object) => {
      shown.push(object);
      const added = { uid: '', resourceVersion: '', creationTimestamp: now.toISOString() };
      return Promise.resolve({ ...object, metadata: { ...added, ...object.metadata } });
    },
  };
}

/** Lets the API server admit, validate and default each object. `create` rejects as a real creation would. */
export function serverDryRun(cluster: Cluster): DryRun {
  const shown: KubernetesObject[] = [];
  return {
    shown,
    create: async (resource, object) => {
      const stored = await cluster.create(resource, object, { dryRun: true });
      shown.push(stored);
      return stored;
    },
  };
}

interface BackupDryRun {
  readonly now: Date;
  readonly request: BackupRequest;
}

/** Resolves with the snapshots that the session would take. */
export async function dryRunBackup(
  { create }: DryRun,
  { target, planned, sessionClaims, configuration }: BackupPlan,
  { now, request: { snapshotClass, hooks, keep, user } }: BackupDryRun,
): Promise<Stored<VolumeSnapshot>[]> {
  const invoker = configuration ?? (await create(backupConfigurations, buildConfiguration(target)));
  const maker = { by: 'user', name: user } as const;
  const sessionAt = (at: Date) =>
    buildBackupSession({
      ...{ configuration: invoker, target, claims: sessionClaims, at, hooks, keep, snapshotClass, maker },
    });
  const session = await unlessTaken(
    () => create(backupSessions, sessionAt(now)),
    // A real run would wait for the next second.
    () => create(backupSessions, sessionAt(new Date(now.getTime() + 1_000))),
  );
  const made: Stored<VolumeSnapshot>[] = [];
  for (const claim of planned) {
    const named = (nameTaken: boolean) =>
      buildSnapshot({ session, target, planned: claim, sessionClaims, nameTaken });
    const snapshot = await unlessTaken(
      () => create(volumeSnapshots, named(false)),
      () => create(volumeSnapshots, named(true)),
    );
    made.push(snapshot);
  }
  return made;
}

async function unlessTaken<T>(first: () => Promise<T>, otherwise: () => Promise<T>): Promise<T> {
  try {
    return await first();
  } catch (error) {
    if (!isStashError(error, 'already-exists')) throw error;
    return otherwise();
  }
}

export async function dryRunRestore(
  { create }: DryRun,
  wanted: Named<RestoreSession>,
  templates: readonly VolumeClaimTemplate[],
): Promise<void> {
  const session = await create(restoreSessions, wanted);
  for (const template of templates) await create(persistentVolumeClaims, buildClaim(session, template));
}
