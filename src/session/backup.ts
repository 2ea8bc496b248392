/** Carries a snapshot session out, from whatever state it is in. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import { volumeSnapshots } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { createLoop } from '#src/cluster/loop.ts';
import { connectionNotes, observe } from '#src/cluster/observe.ts';
import { backupProgress } from '#src/domain/backup/backup-progress.ts';
import type { PlannedClaim } from '#src/domain/backup/build-backup.ts';
import {
  backupClaims,
  backupHookState,
  freezeEnd,
  type BackupWorld,
} from '#src/domain/backup/backup-claims.ts';
import {
  decideBackup,
  decideLeavingBackup,
  type SnapshotToCreate,
} from '#src/domain/backup/decide-backup.ts';
import { backupHookRecord } from '#src/domain/session/hook-record.ts';
import { hooksOfBackup, retriesLeft } from '#src/domain/hooks/hooks.ts';
import { labelValue } from '#src/domain/workload/names.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { deadlineOf, lateAt } from '#src/domain/session/session-status.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { isStashError, type StashError } from '#src/errors.ts';

import { drive } from './drive.ts';
import type { Environment } from './environment.ts';
import type { Held } from './held.ts';
import { createHookDuty } from './hook-duty.ts';
import { refuseForeignHooks } from './refuse-foreign-hooks.ts';
import { isFinalRefusal, persist } from './persist.ts';

export const defaultMaxFreezeMs = 60_000;
/** Whoever goes on with a session waits so long to be told what there is of it, though its deadline has passed. */
const knownWithinMs = 60_000;
/** And so long though the application has been quiet for as long as it may. */
const knownWhileQuietMs = 10_000;

export interface BackupTask {
  readonly held: Held<BackupSession>;
  readonly target: Target;
  readonly sessionClaims: readonly string[];
  readonly planned: readonly PlannedClaim[];
  readonly timeoutMs: number;
  /** Of a session that has none yet; left out: `timeoutMs` from when it is begun. */
  readonly deadline?: Date | undefined;
  readonly failFast: boolean;
  /** Whose hooks and retries they are; left out: it is gone. */
  readonly configuration?: BackupConfiguration | undefined;
  /** Hooks that were given on the command line are run: only for whoever may run commands in the pods anyway. */
  readonly adHoc?: boolean;
  /** How long the application may stay quiesced; a minute where it is left out. */
  readonly maxFreezeMs?: number | undefined;
  /** Why nothing more is to be made: thaw where that is needed, and what is not ready has failed for this reason. */
  readonly disrupted?: string | undefined;
  /** Why nothing more is made: the application is thawed, and what was cut before is seen through. */
  readonly onlyThaw?: string | undefined;
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
  const takenAt = clock.now();
  const refused = new Map<string, string>();
  for (const claim of task.sessionClaims) {
    if (!task.planned.some(({ claim: { metadata } }) => metadata.name === claim)) {
      refused.set(claim, `persistentvolumeclaim "${claim}" is gone`);
    }
  }
  const nameTaken = new Set<string>();
  let begun = false;
  const given = hooksOfBackup(held.session(), task.configuration);
  const isForeign = given?.adHoc === true && task.adHoc !== true;
  const hooks = isForeign ? undefined : given;
  const hooksRefused = isForeign
    ? await refuseForeignHooks(cluster, given, held.session(), target)
    : undefined;
  const maxFreezeMs = task.maxFreezeMs ?? defaultMaxFreezeMs;
  /** By claim: why its creation has to be tried again. */
  const trouble = new Map<string, string>();

  const observed = observe(
    cluster,
    volumeSnapshots,
    { namespace: target.namespace, labelSelector: `${label.backupSession}=${labelValue(name)}` },
    loop.signal,
    loop.ring,
  );
  const look = (now = clock.now()): BackupWorld => {
    const snapshots = new Map<string, Stored<VolumeSnapshot>>();
    for (const snapshot of observed.items.values()) {
      const claim = snapshot.spec.source.persistentVolumeClaimName;
      if (isOfSession(snapshot, uid) && claim !== undefined) snapshots.set(claim, snapshot);
    }
    return {
      ...task,
      now,
      session: held.session(),
      snapshots,
      refused,
      nameTaken,
      lost: observed.lost() !== undefined || !observed.isSynced(),
      hooks,
      hooksRefused,
      maxFreezeMs,
      retriesLeft: retriesLeft(held.session(), task.configuration),
      disrupted: task.disrupted,
      begun: begun || !observed.isSynced(),
      leaving: task.onlyThaw !== undefined,
      onlyThaw: task.onlyThaw,
    };
  };

  const progressOf = (world: BackupWorld): Progress =>
    backupProgress({
      session: world.session,
      target,
      claims: backupClaims(world),
      timeoutMs: task.timeoutMs,
      notes: [
        ...new Set([
          ...(observed.lost() !== undefined ? connectionNotes(observed) : held.trouble.notes()),
          ...trouble.values(),
        ]),
        ...duty.notes(),
      ],
    });

  const duty = createHookDuty(environment, {
    ...{ held, hooks, target, maxFreezeMs, record: backupHookRecord },
    mayBeQuiet: backupHookState(held.session()).quiescedSince !== undefined,
    onChange: () => {
      onChange(progressOf(look()));
    },
  });

  const frozenUntil = freezeEnd(look());
  const quietUntil =
    frozenUntil && new Date(Math.max(frozenUntil.getTime(), takenAt.getTime() + knownWhileQuietMs));

  const create = async ({ claim, snapshot }: SnapshotToCreate, signal: AbortSignal) => {
    begun = true;
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
      observed.learn(await persist(clock, signal, () => cluster.create(volumeSnapshots, snapshot), patience));
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
    clock,
    held,
    made: observed,
    knownBy: (now, toGoOn) => {
      const deadline = lateAt(deadlineOf(held.session()) ?? takenAt, true);
      const known = new Date(Math.max(deadline.getTime(), takenAt.getTime() + knownWithinMs));
      // Whoever had it before may have left it quiet: not knowing what was cut is no reason to leave it so.
      const counts = quietUntil !== undefined && quietUntil < known && !(toGoOn && now >= quietUntil);
      return counts ? quietUntil : known;
    },
    create,
    onChange,
    look: (now) => {
      const world = look(now);
      return { progress: progressOf(world), step: decideBackup(world) };
    },
    runHook: duty.run,
    leave: () => duty.leave(decideLeavingBackup(look())),
  });
}

function isOfSession(snapshot: VolumeSnapshot, uid: string): boolean {
  return snapshot.metadata.annotations?.[annotation.sessionUid] === uid;
}
