/** Repeats observe, decide, apply until the volumes are swapped, or until everything is as it was. */
import type { PersistentVolume } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import {
  backupSessions,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { find } from '#src/cluster/find.ts';
import { createLoop } from '#src/cluster/loop.ts';
import { observe } from '#src/cluster/observe.ts';
import { firstLists } from '#src/cluster/wait-for.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { decideRecreate } from '#src/domain/in-place/decide-recreate.ts';
import { decideSwap } from '#src/domain/in-place/decide-swap.ts';
import { isDown } from '#src/domain/in-place/is-down.ts';
import { readRecord, type InPlaceRecord } from '#src/domain/in-place/record.ts';
import { swapProgress } from '#src/domain/in-place/swap-progress.ts';
import type { SwapStep } from '#src/domain/in-place/swap-step.ts';
import type { SwapWorld } from '#src/domain/in-place/swap-world.ts';
import { isFinal, timeLimitMs } from '#src/domain/session/session-status.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { readWorkload, targetTypes } from '#src/domain/workload/kinds.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { isStashError, StashError } from '#src/errors.ts';
import type { Environment } from '#src/session/environment.ts';
import type { Held } from '#src/session/holding/held.ts';
import { isPermanent } from '#src/session/permanent-error.ts';
import { persist } from '#src/session/persist.ts';

import { applySwap } from './apply-swap.ts';
import { newestOf } from './newest.ts';
import { takeBefore } from './take-before.ts';
import { writeRecord } from './write-record.ts';

export interface RunSwap {
  readonly held: Held<RestoreSession>;
  readonly target: Target;
  /** Milliseconds that the pods may take to end. */
  readonly stopTimeoutMs: number;
  /** This executor's id. */
  readonly id: string;
}

/** How long the API server and the controllers of the cluster may take for one step. */
const serverLimitMs = 120_000;
const listWithinMs = 60_000;

/**
 * Resolves with the final progress. Rejects with 'workload-down' if it has to stop while the workload is down.
 * Otherwise rejects as the requests do, with 'precondition' if something is in the way, and with 'timed-out'.
 */
export async function runSwap(
  environment: Environment,
  { held, target, stopTimeoutMs, id }: RunSwap,
): Promise<Progress> {
  const { cluster, clock, tell, onChange } = environment;
  const { namespace } = target;
  using loop = createLoop(clock, environment.signal, held.lost);
  const method = readRecord(held.session())?.method;
  const decide = method === 'recreate' ? decideRecreate : decideSwap;
  const labelSelector = label.restoreSession;
  const watched = {
    claims: observe(cluster, persistentVolumeClaims, { namespace }, loop.signal, loop.ring),
    pods: observe(cluster, pods, { namespace }, loop.signal, loop.ring),
    // `recreate` works without the right to read volumes.
    ...(method !== 'recreate' && {
      volumes: observe(cluster, persistentVolumes, { labelSelector }, loop.signal, loop.ring),
    }),
  };
  const claims = newestOf(watched.claims);
  const volumes = newestOf<PersistentVolume>(watched.volumes ?? { items: new Map(), deleted: new Set() });
  let scaledDown = 0;
  let taken: string | undefined;
  /**
   * Whether this executor has begun to stop the workload: the API server may have carried out more than it has
   * reported.
   */
  let hasBegunToStop = false;
  let world: SwapWorld | undefined;

  const mayBeDown = () =>
    world !== undefined &&
    !isFinal(held.session()) &&
    (hasBegunToStop || isDown({ ...world, claims: claims.items(), volumes: volumes.items() }));

  const look = async (): Promise<SwapWorld> => {
    const session = held.session();
    const record = readRecord(session);
    if (record === undefined)
      throw new StashError(
        'invalid',
        `restoresession/${session.metadata.name} no longer says which claims it swaps`,
      );
    return {
      ...{ now: clock.now(), session, record, target, scaledDown, taken },
      ...(await persist(environment, () => lookAtWorkload(environment, target))),
      ...(await persist(environment, () => lookAtSafety(environment, target, record))),
      claims: claims.items(),
      volumes: volumes.items(),
      pods: [...watched.pods.items.values()],
    };
  };

  try {
    await firstLists(
      [
        { resource: persistentVolumeClaims, observed: watched.claims },
        { resource: pods, observed: watched.pods },
        ...(watched.volumes ? [{ resource: persistentVolumes, observed: watched.volumes }] : []),
      ],
      { loop, clock, tell, listWithinMs },
    );
    let since: { readonly what: string; readonly at: Date } | undefined;
    for (;;) {
      const failure = Object.values(watched)
        .map((each) => each.failure())
        .find((error) => error !== undefined);
      if (failure) throw failure;
      world = await loop.race(look());
      const step = decide(world);
      onChange(swapProgress(world, step));
      if (step.do === 'done') return swapProgress(world, step);
      if (step.do === 'pause')
        throw new StashError('workload-down', 'you asked for --pause: all claims have their new volumes');
      if (step.do === 'stuck') throw new StashError('precondition', step.why);
      const what = describe(step);
      if (since?.what !== what) since = { what, at: world.now };
      const limits = {
        pods: stopTimeoutMs,
        server: serverLimitMs,
        driver: timeLimitMs(world.session.spec.timeOut),
      };
      const limitMs = limits[step.do === 'wait' ? step.limit : 'server'];
      const until = new Date(since.at.getTime() + limitMs);
      if (world.now >= until)
        throw new StashError('timed-out', `gave up after ${formatDuration(limitMs)}: ${what}`, {
          hint: step.do === 'wait' ? step.hint?.join('\n') : undefined,
        });
      if (step.do === 'wait') {
        await loop.wait(until);
        continue;
      }
      if (step.do === 'take-before') {
        const { record, session } = world;
        const stopped = world.replicas === 0;
        const within = { ...environment, signal: loop.signal };
        try {
          const task = { target, session, stopped, id, name: step.name };
          if (await loop.race(takeBefore(within, task))) taken = step.name;
        } catch (error) {
          if (!isPermanent(error) || record.abandoned === true || held.lost.aborted) throw error;
          const why = `the snapshot before the restore was not taken: ${error.message}`;
          await writeRecord(held, { ...record, abandoned: true, why });
        }
        continue;
      }
      if (step.do === 'scale' && step.replicas === 0) {
        scaledDown += 1;
        taken = undefined;
      }
      hasBegunToStop ||= scaledDown > 0 || step.do === 'delete-claims';
      await loop.race(
        applySwap(
          { ...{ cluster, held, claims, volumes }, persist: (write) => persist(environment, write) },
          world,
          step,
        ),
      );
      // Wait for the watch, which reports what the deletion has begun.
      if (step.do === 'delete-claims' || step.do === 'delete-pods' || step.do === 'release-staged')
        await loop.wait(until);
    }
  } catch (error) {
    if (!isStashError(error) || !mayBeDown()) throw error;
    throw new StashError('workload-down', error.message, { hint: error.hint, cause: error });
  }
}

function describe(step: SwapStep): string {
  return step.do === 'wait' ? `waiting for ${step.what}` : `repeating the step "${step.do}"`;
}

/** Reads the session before the snapshots: when the session has succeeded, its snapshots are ready. */
async function lookAtSafety(
  { cluster }: Environment,
  { namespace }: Target,
  { before }: InPlaceRecord,
): Promise<Pick<SwapWorld, 'backup' | 'snapshots'>> {
  if (before === undefined) return { backup: undefined, snapshots: new Map() };
  const backup = await find(cluster, backupSessions, { name: before, namespace });
  const { items } = await cluster.list(volumeSnapshots, { namespace });
  return { backup, snapshots: new Map(items.map((each) => [each.metadata.name, each])) };
}

async function lookAtWorkload(
  { cluster }: Environment,
  { kind, name, namespace }: Target,
): Promise<Pick<SwapWorld, 'replicas' | 'restoredAt'>> {
  const isWorkload = kind !== 'PersistentVolumeClaim';
  const workload = isWorkload
    ? await find(cluster, targetTypes[kind].resource, { name, namespace })
    : undefined;
  return {
    replicas: workload && readWorkload(kind, workload)?.replicas,
    restoredAt: workload?.metadata.annotations?.[annotation.restoredAt],
  };
}
