/**
 * Proposes what the user may do next in the state that `describe` shows. In that state, each command does what its
 * words say.
 */
import type { Stored } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { valueOf } from '#src/domain/checks/check.ts';
import { commandLine, flag } from '#src/domain/command-line.ts';
import { backCommand, forgetCommand, undoCommand } from '#src/domain/in-place/in-place-command.ts';
import { isInPlace, readRecord } from '#src/domain/in-place/record.ts';
import { isUnfinishedSwap } from '#src/domain/in-place/unfinished-swap.ts';
import { waysOn } from '#src/domain/in-place/ways-on.ts';
import { besideCommand } from '#src/domain/restore/restore-command.ts';
import { isGood } from '#src/domain/restore-points/restore-points.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { sessionNamed } from '#src/domain/session/verdict-error.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';

import type { SessionFacts, TargetFacts } from './facts.ts';

export interface NextStep {
  /** `to take a snapshot now` */
  readonly to: string;
  readonly command: string;
}

const most = 2;

export function nextOfTarget(facts: TargetFacts): readonly NextStep[] {
  const [swap] = facts.unfinishedSwaps;
  if (swap !== undefined) return waysOn(swap);
  const last = valueOf(facts.last);
  if (last !== undefined) {
    if (!isFinal(last.session)) return [follow(last)];
    if (hasFailed(last)) return [doctor(facts.target), ...again(facts)].slice(0, most);
  }
  const back = last !== undefined && isInPlace(last.session) ? nextOfSession(last) : [];
  return [...back, ...lost(facts), ...schedules(facts), ...snapshots(facts), ...kept(facts)].slice(0, most);
}

export function nextOfSession(facts: SessionFacts): readonly NextStep[] {
  const { session, target } = facts;
  const { name, namespace = '' } = session.metadata;
  if (isRestore(facts, session) && isUnfinishedSwap(session)) {
    if (readRecord(session) !== undefined) return waysOn(session);
    const command = commandLine`kubectl get restoresession ${name} -n ${namespace} -o yaml`;
    return [{ to: 'to look at its annotations', command }];
  }
  if (!isFinal(session)) return [follow(facts)];
  if (hasFailed(facts)) return target === undefined ? [] : [doctor(target), look(target)];
  if (isRestore(facts, session) && isInPlace(session)) return afterSwap(session, facts.keptVolumes);
  if (isRestore(facts, session) || target === undefined) return [];
  if (facts.verdict?.outcome !== 'succeeded') {
    const list = commandLine`kubectl stash list ${formatTarget(target)} -n ${namespace}`;
    return [{ to: 'to see which restore points there are', command: list }];
  }
  return [{ to: 'to restore it beside the present claims', command: besideCommand(target, name, []) }];
}

function isRestore(
  { words }: SessionFacts,
  session: SessionFacts['session'],
): session is Stored<RestoreSession> {
  return words.prefix === 'Restore' && session.kind === words.resource.kind;
}

function hasFailed({ verdict }: SessionFacts): boolean {
  return verdict !== undefined && verdict.outcome !== 'succeeded';
}

function follow({ words, session: { metadata } }: SessionFacts): NextStep {
  const named = sessionNamed(words.resource, metadata.name);
  return {
    to: 'to follow it to its end',
    command: commandLine`kubectl stash wait ${named} -n ${metadata.namespace ?? ''}`,
  };
}

function doctor(target: Target): NextStep {
  const command = commandLine`kubectl stash doctor ${formatTarget(target)} -n ${target.namespace}`;
  return { to: 'to see what is wrong', command };
}

function look(target: Target): NextStep {
  const command = commandLine`kubectl stash describe ${formatTarget(target)} -n ${target.namespace}`;
  return { to: 'to see what its workload has', command };
}

/** If the claims are gone, proposes to restore them first. */
function again(facts: TargetFacts): readonly NextStep[] {
  return [...lost(facts), ...snapshots(facts)];
}

function afterSwap(session: Stored<RestoreSession>, keptVolumes: number | undefined): readonly NextStep[] {
  const { name, namespace = '' } = session.metadata;
  const record = readRecord(session);
  if (record?.method === 'recreate')
    return [{ to: 'to go back to the data from before', command: backCommand(session) }];
  const of = record?.volumesOf ?? name;
  if (keptVolumes === undefined || keptVolumes === 0) return [];
  return [
    { to: 'to go back to the kept volumes', command: undoCommand(of, namespace) },
    { to: 'to give the kept volumes up', command: forgetCommand(of, namespace) },
  ];
}

/**
 * Proposes a restore only if the restore points contain the missing claims. A deleted workload often leaves its claims
 * behind.
 */
function lost({ target, claims, points }: TargetFacts): readonly NextStep[] {
  const missing = valueOf(claims)?.some(({ claim }) => claim === undefined) === true;
  if (!missing || valueOf(points)?.some(isGood) !== true) return [];
  const command = commandLine`kubectl stash restore ${formatTarget(target)} -n ${target.namespace}`;
  return [{ to: 'to create the missing claims again', command }];
}

function schedules({ target, exists, claims, configurations }: TargetFacts): readonly NextStep[] {
  const all = valueOf(configurations);
  if (all === undefined || !canSnapshot({ exists, claims })) return [];
  const scheduled = all.filter(({ outlook }) => outlook !== undefined);
  const [first] = scheduled;
  if (first === undefined) {
    const words = [flag('--cron', '0 3 * * *'), flag('--keep-last', '7')];
    const command = commandLine`kubectl stash schedule ${formatTarget(target)} -n ${target.namespace} ${words}`;
    return [{ to: 'to take a snapshot every night', command }];
  }
  if (scheduled.some(({ configuration }) => configuration.spec.paused !== true)) return [];
  const { name } = first.configuration.metadata;
  return [
    {
      to: 'to let the schedule run again',
      command: commandLine`kubectl stash resume ${name} -n ${target.namespace}`,
    },
  ];
}

function snapshots({ target, exists, claims }: TargetFacts): readonly NextStep[] {
  if (!canSnapshot({ exists, claims })) return [];
  const command = commandLine`kubectl stash snapshot ${formatTarget(target)} -n ${target.namespace}`;
  return [{ to: 'to take a snapshot now', command }];
}

/** Whether the target has claims, and a session can snapshot all of them now. */
function canSnapshot({ exists, claims }: Pick<TargetFacts, 'exists' | 'claims'>): boolean {
  const all = valueOf(claims) ?? [];
  return (
    valueOf(exists) === true &&
    all.length > 0 &&
    all.every(
      ({ claim }) => claim?.status?.phase === 'Bound' && claim.metadata.deletionTimestamp === undefined,
    )
  );
}

function kept({ target, kept: volumes }: TargetFacts): readonly NextStep[] {
  if ((valueOf(volumes)?.length ?? 0) === 0) return [];
  const command = commandLine`kubectl stash volumes ${formatTarget(target)} -n ${target.namespace}`;
  return [{ to: 'to see how to go back to the kept volumes', command }];
}
