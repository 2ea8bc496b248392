/** Builds the status of a RestoreSession that restores in place. */
import { stashCondition } from '#src/api/conditions.ts';
import { annotation } from '#src/api/labels.ts';
import type { Condition, Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession, StatusOf } from '#src/api/stash.ts';
import { commandLine, flag, joinCommands } from '#src/domain/command-line.ts';
import { durationSince, findCondition, withCondition } from '#src/domain/session/session-status.ts';
import type { StatusChange } from '#src/domain/session/step.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

import type { SwapWorld } from './swap-world.ts';

type Change = StatusChange<StatusOf<RestoreSession>>;
type Milestone =
  | typeof stashCondition.claimsStaged
  | typeof stashCondition.volumesKept
  | typeof stashCondition.workloadStopped
  | typeof stashCondition.claimsSwapped
  | typeof stashCondition.workloadStarted;

export function reached(session: Stored<RestoreSession>, { type, status }: Milestone): boolean {
  return findCondition(session, type)?.status === status;
}

/** Adds the conditions of these milestones, with messages about the claims of the swap. */
export function withReached(world: SwapWorld, ...milestones: readonly Milestone[]): Change {
  return (present) => ({
    ...present,
    conditions: milestones.reduce(
      (all: Condition[], milestone) =>
        withCondition(all, { ...milestone, message: wordsFor(milestone, world) }, world.now),
      [...(present?.conditions ?? [])],
    ),
  });
}

export function finishedSwap(world: SwapWorld): Change {
  const { session, record, now } = world;
  if (record.turnedBack === true)
    return failedSwap(world, `${record.why ?? 'it was turned back'}; ${asBefore}`);
  const started = withReached(world, stashCondition.workloadStarted);
  const completed = { ...stashCondition.restoreCompleted, message: 'nothing is left to do' };
  return (present) => {
    const { conditions, ...rest } = started(present);
    return {
      ...rest,
      phase: 'Succeeded',
      sessionDuration: durationSince(session, now),
      totalHosts: record.claims.length,
      stats: record.claims.map(({ name }) => ({ hostname: name, phase: 'Succeeded' as const })),
      conditions: withCondition(conditions, completed, now),
    };
  };
}

const asBefore = 'all claims have their volumes as before';

/** Ends the session without having replaced anything. */
export function abandonedSwap(world: SwapWorld): Change {
  return failedSwap(world, `${world.record.why ?? 'it was given up'}; no claim was deleted, and ${asBefore}`);
}

/** Fails the session, because another client has created claims without the restored data. */
export function failedRecreate(world: SwapWorld, strange: readonly string[]): Change {
  const { record, session, target, replicas } = world;
  const { namespace } = target;
  const of = formatTarget(target);
  const from = session.metadata.annotations?.[annotation.restoredFrom] ?? 'latest';
  const { replicas: wanted = 0 } = record;
  const up =
    replicas === 0 && wanted > 0
      ? [commandLine`kubectl scale ${of} -n ${namespace} ${flag('--replicas', String(wanted))}`]
      : [];
  const ways = [
    ...strange.map((claim) => commandLine`kubectl delete persistentvolumeclaim ${claim} -n ${namespace}`),
    commandLine`kubectl stash restore ${of} -n ${namespace} --from ${from} ${flag('--only', strange.join(','))}`,
    ...up,
  ];
  const present = `the data from before the restore is in backupsession/${record.before ?? ''}`;
  return failedSwap(
    world,
    `another client created claim ${strange.join(', ')} anew, without the data of its snapshot; ${present}; if nothing in the new claim is needed: ${joinCommands(ways, (all) => all.join('; '))}`,
  );
}

function failedSwap({ session, record, now }: SwapWorld, message: string): Change {
  return (present) => ({
    ...present,
    phase: 'Failed',
    sessionDuration: durationSince(session, now),
    totalHosts: record.claims.length,
    conditions: withCondition(present?.conditions, { ...stashCondition.restoreNotCompleted, message }, now),
  });
}

function wordsFor({ type }: Milestone, { record, target }: SwapWorld): string {
  const list = (pick: (claim: (typeof record.claims)[number]) => string) =>
    record.claims.map(pick).join(', ');
  switch (type) {
    case 'ClaimsStaged':
      return `the new volumes are ${list(({ incoming = '' }) => incoming)}`;
    case 'VolumesKept':
      return `nothing deletes volume ${list(({ volume }) => volume)}`;
    case 'WorkloadStopped':
      return `no pod of ${formatTarget(target)} uses claim ${list(({ name }) => name)}`;
    case 'ClaimsSwapped':
      return list(({ name, incoming = '', snapshot }) =>
        snapshot === undefined
          ? `${name} has volume ${incoming}`
          : `${name} was created from snapshot ${snapshot}`,
      );
    case 'WorkloadStarted':
      return `${formatTarget(target)} may start its pods`;
  }
}
