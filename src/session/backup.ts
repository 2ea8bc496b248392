/** Carries a snapshot session out, from whatever state it is in. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import { volumeSnapshots } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { createLoop } from '#src/cluster/loop.ts';
import { connectionNotes, observe } from '#src/cluster/observe.ts';
import { backupProgress } from '#src/domain/backup-progress.ts';
import type { PlannedClaim } from '#src/domain/build-backup.ts';
import {
  backupClaims,
  decideBackup,
  type BackupWorld,
  type SnapshotToCreate,
} from '#src/domain/decide-backup.ts';
import { labelValue } from '#src/domain/names.ts';
import type { Progress } from '#src/domain/progress.ts';
import { deadlineOf } from '#src/domain/session-status.ts';
import type { Target } from '#src/domain/target.ts';
import { isStashError, type StashError } from '#src/errors.ts';

import { drive } from './drive.ts';
import type { Environment } from './environment.ts';
import type { Held } from './held.ts';
import { isFinalRefusal, persist } from './persist.ts';

export interface BackupTask {
  readonly held: Held<BackupSession>;
  readonly target: Target;
  readonly sessionClaims: readonly string[];
  readonly planned: readonly PlannedClaim[];
  readonly timeoutMs: number;
  readonly failFast: boolean;
}

/**
 * Resolves with the final state, whether good or bad. Rejects when it can no longer tell or do anything: interrupted,
 * the session lost to another executor or deleted, a right taken away.
 */
export async function runBackup(environment: Environment, task: BackupTask): Promise<Progress> {
  const { cluster, clock, onChange } = environment;
  const { held, target } = task;
  const { uid, name } = held.session().metadata;
  using loop = createLoop(clock, environment.signal, held.lost);
  const refused = new Map<string, string>();
  for (const claim of task.sessionClaims) {
    if (!task.planned.some(({ claim: { metadata } }) => metadata.name === claim)) {
      refused.set(claim, `persistentvolumeclaim "${claim}" is gone`);
    }
  }
  const nameTaken = new Set<string>();
  /** By claim: why its creation has to be tried again. */
  const trouble = new Map<string, string>();

  const observed = observe(
    cluster,
    volumeSnapshots,
    { namespace: target.namespace, labelSelector: `${label.backupSession}=${labelValue(name)}` },
    loop.signal,
    loop.ring,
  );

  const look = (): BackupWorld => {
    const snapshots = new Map<string, Stored<VolumeSnapshot>>();
    for (const snapshot of observed.items.values()) {
      const claim = snapshot.spec.source.persistentVolumeClaimName;
      if (isOfSession(snapshot, uid) && claim !== undefined) snapshots.set(claim, snapshot);
    }
    return {
      ...task,
      now: clock.now(),
      session: held.session(),
      snapshots,
      refused,
      nameTaken,
      lost: observed.lost() !== undefined,
    };
  };

  const progressOf = (world: BackupWorld): Progress =>
    backupProgress({
      session: world.session,
      target,
      claims: backupClaims(world),
      timeoutMs: task.timeoutMs,
      notes: [
        ...new Set([...(world.lost ? connectionNotes(observed) : held.trouble.notes()), ...trouble.values()]),
      ],
    });

  const create = async ({ claim, snapshot }: SnapshotToCreate) => {
    const { name } = snapshot.metadata;
    if (observed.deleted.has(name)) {
      refused.set(claim, `volumesnapshot ${name} was deleted while the session ran`);
      return;
    }
    const patience = {
      until: deadlineOf(held.session()),
      onTrouble: ({ message }: StashError) => {
        trouble.set(claim, message);
        onChange(progressOf(look()));
      },
    };
    try {
      observed.learn(
        await persist(clock, loop.signal, () => cluster.create(volumeSnapshots, snapshot), patience),
      );
    } catch (error) {
      if (isStashError(error, 'already-exists')) await adopt(claim, name);
      else if (isFinalRefusal(error)) refused.set(claim, error.message);
      else throw error;
    } finally {
      trouble.delete(claim);
    }
  };

  const adopt = async (claim: string, name: string) => {
    const existing = await persist(clock, loop.signal, () =>
      cluster.get(volumeSnapshots, name, target.namespace),
    );
    if (isOfSession(existing, uid)) observed.learn(existing);
    else if (nameTaken.has(claim)) refused.set(claim, `volumesnapshot ${name} belongs to another session`);
    else nameTaken.add(claim);
  };

  return await drive({
    loop,
    held,
    made: observed,
    create,
    onChange,
    look: () => {
      const world = look();
      return { progress: progressOf(world), step: decideBackup(world) };
    },
  });
}

function isOfSession(snapshot: VolumeSnapshot, uid: string): boolean {
  return snapshot.metadata.annotations?.[annotation.sessionUid] === uid;
}
