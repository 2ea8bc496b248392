/** Carries a restore session out, from whatever state it is in. */
import type { Event, Named, PersistentVolumeClaim } from '#src/api/kubernetes.ts';
import { events, persistentVolumeClaims, pods } from '#src/api/resources.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { createLoop } from '#src/cluster/loop.ts';
import { connectionNotes, observe } from '#src/cluster/observe.ts';
import { podsUsing } from '#src/domain/restore/claims-in-the-way.ts';
import {
  decideLeavingRestore,
  decideRestore,
  isOfSession,
  restoreClaims,
  restoreHookState,
  type RestoreWorld,
} from '#src/domain/restore/decide-restore.ts';
import { restoreHookRecord } from '#src/domain/session/hook-record.ts';
import { hooksOfRestore } from '#src/domain/hooks/hooks.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { restoreProgress } from '#src/domain/restore/restore-progress.ts';
import { deadlineOf, lateAt } from '#src/domain/session/session-status.ts';
import { isTargetKind, type Target } from '#src/domain/workload/target.ts';
import { isStashError, type StashError } from '#src/errors.ts';

import { drive } from './drive.ts';
import type { Environment } from './environment.ts';
import type { Held } from './held.ts';
import { createHookDuty } from './hook-duty.ts';
import { orUntil } from '#src/cluster/or-until.ts';
import { isFinalRefusal, persist } from './persist.ts';

export interface RestoreTask {
  readonly held: Held<RestoreSession>;
  /** The workload whose claims they are, where that is known. */
  readonly target: Target | undefined;
  readonly namespace: string;
  readonly templates: readonly VolumeClaimTemplate[];
  /** Undefined: not known, the claims' events will tell. */
  readonly waitForConsumer: ReadonlySet<string> | undefined;
  readonly timeoutMs: number;
  /** Of a session that has none that counts; left out: `timeoutMs` from when it is begun. */
  readonly deadline?: Date | undefined;
  /** Why nothing more is to be made: postRestore where it is needed, and what is not bound has failed for this reason. */
  readonly disrupted?: string | undefined;
}

/** As `runBackup`: resolves with the final state, rejects when it can no longer tell or do anything. */
export async function runRestore(environment: Environment, task: RestoreTask): Promise<Progress> {
  const { cluster, clock, onChange } = environment;
  const { held, namespace } = task;
  using loop = createLoop(clock, environment.signal, held.lost);
  const takenAt = clock.now();
  const hooks = hooksOfRestore(held.session());
  const refused = new Map<string, string>();
  /** By claim: why its creation has to be tried again. */
  const trouble = new Map<string, string>();
  const scope = { namespace };
  const claims = observe(cluster, persistentVolumeClaims, scope, loop.signal, loop.ring);
  // What helps to say why a claim waits; a user who may not read these does without. Where it is over, nothing waits.
  const ofClaims = 'involvedObject.kind=PersistentVolumeClaim';
  const fieldSelector = task.waitForConsumer ? `${ofClaims},type=Warning` : ofClaims;
  const said =
    task.disrupted === undefined
      ? observe(cluster, events, { namespace, fieldSelector }, loop.signal, loop.ring)
      : undefined;
  const running =
    task.waitForConsumer?.size !== 0 ? observe(cluster, pods, scope, loop.signal, loop.ring) : undefined;

  const eventsOf = (claim: string): Event[] => {
    const uid = claims.items.get(claim)?.metadata.uid;
    return [...(said?.items.values() ?? [])].filter(({ involvedObject }) => involvedObject.uid === uid);
  };
  const look = (now = clock.now()): RestoreWorld => ({
    ...task,
    now,
    session: held.session(),
    takenAt,
    lost: claims.lost() !== undefined || !claims.isSynced(),
    claims: claims.items,
    refused,
    surroundings: (claim) => ({
      waitsForConsumer:
        task.waitForConsumer?.has(claim) ??
        eventsOf(claim).some(({ reason }) => reason === 'WaitForFirstConsumer'),
      pod: running && podsUsing(claim, [...running.items.values()])[0],
      warning: lastWarning(eventsOf(claim)),
    }),
    hooks,
    disrupted: task.disrupted,
    leaving: false,
  });

  const progressOf = (world: RestoreWorld): Progress =>
    restoreProgress({
      session: world.session,
      target: task.target,
      claims: restoreClaims(world),
      timeoutMs: task.timeoutMs,
      notes: [
        ...new Set([
          ...(claims.lost() !== undefined ? connectionNotes(claims) : held.trouble.notes()),
          ...trouble.values(),
        ]),
        ...duty.notes(),
      ],
    });

  const duty = createHookDuty(environment, {
    ...{ held, hooks, record: restoreHookRecord, maxFreezeMs: undefined },
    target: task.target ?? targetOfRef(held.session()),
    mayBeQuiet: restoreHookState(held.session()).quiescedSince !== undefined,
    onChange: () => {
      onChange(progressOf(look()));
    },
  });

  const create = async (claim: Named<PersistentVolumeClaim>, signal: AbortSignal) => {
    const { name } = claim.metadata;
    if (claims.deleted.has(name)) {
      refused.set(name, 'the claim was deleted while it was restored');
      return;
    }
    const patience = {
      until: deadlineOf(held.session()),
      onTrouble: ({ message }: StashError) => {
        trouble.set(name, message);
        onChange(progressOf(look()));
      },
    };
    try {
      claims.learn(
        await persist(clock, signal, () => cluster.create(persistentVolumeClaims, claim), patience),
      );
    } catch (error) {
      if (isStashError(error, 'already-exists')) {
        const existing = await persist(clock, loop.signal, () =>
          cluster.get(persistentVolumeClaims, name, namespace),
        );
        if (!isOfSession(existing, held.session())) refused.set(name, 'a claim of that name exists');
        claims.learn(existing);
      } else if (isFinalRefusal(error)) refused.set(name, error.message);
      else throw error;
    } finally {
      trouble.delete(name);
    }
  };

  // Whether a pod uses a claim must be known before one that waits for it is given up.
  const knownBy = () => {
    const began = deadlineOf(held.session()) ?? takenAt;
    // One from before is given anew.
    return lateAt(began > takenAt ? began : new Date(takenAt.getTime() + task.timeoutMs), true);
  };
  if (running) {
    const synced = running.synced.catch(() => undefined);
    await loop.race(orUntil(clock, knownBy(), synced));
  }
  return await drive({
    loop,
    clock,
    held,
    made: claims,
    knownBy,
    create,
    onChange,
    look: (now) => {
      const world = look(now);
      return { progress: progressOf(world), step: decideRestore(world) };
    },
    runHook: duty.run,
    leave: () => duty.leave(decideLeavingRestore(look())),
  });
}

/** Where the session's own labels and annotations do not say it: the workload whose pods run the hooks. */
function targetOfRef({ metadata, spec }: RestoreSession): Target | undefined {
  const { kind, name } = spec.target?.ref ?? {};
  if (!isTargetKind(kind) || name === undefined) return undefined;
  return { kind, name, namespace: metadata.namespace ?? '' };
}

function lastWarning(seen: readonly Event[]): string | undefined {
  let last: Event | undefined;
  for (const event of seen) {
    if (event.type === 'Warning' && (last === undefined || timeOf(event) >= timeOf(last))) last = event;
  }
  return last?.message;
}

function timeOf(event: Event): string {
  return event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? '';
}
