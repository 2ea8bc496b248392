/**
 * Decides the next step of a restore in place that deletes the claims and creates them again from snapshots. It keeps
 * no volumes. Instead, it has a ready snapshot of the present data before it deletes the first claim.
 */
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { formatTarget } from '#src/domain/workload/target.ts';

import { claimFrom } from './claim-manifest.ts';
import { canAbandon, decideAbandoning } from './decide-abandoning.ts';
import { clear, finish, mostScalings, waitForServer } from './decide-swap.ts';
import { failedRecreate } from './swap-status.ts';
import type { SwapStep } from './swap-step.ts';
import {
  isHeld,
  isLeaving,
  isRecreated,
  isSwapped,
  pairsOf,
  type Pair,
  type SwapWorld,
} from './swap-world.ts';

export function decideRecreate(world: SwapWorld): SwapStep {
  if (isFinal(world.session)) return { do: 'done' };
  const { record } = world;
  if (record.abandoned === true) return decideAbandoning(world);
  const pairs = pairsOf(world);
  const strange = pairs.filter(isStrange);
  if (strange.length > 0) return giveUp(world, pairs, strange);
  const open = pairs.filter((pair) => !isSwapped(pair));
  if (open.length === 0) return finish(world, pairs);
  const why = canAbandon(world) ? whyNot(world) : undefined;
  if (why !== undefined) return { do: 'record', record: { ...record, abandoned: true, why } };
  return clear(world, pairs) ?? fill(world, open) ?? awaitVolumes(world, open);
}

/** Why the executor may delete no claim. */
function whyNot({ record, replicas = 0, scaledDown, target, snapshots }: SwapWorld): string | undefined {
  const lacking = record.claims.filter(({ snapshot = '' }) => !isReady(snapshots, snapshot));
  if (lacking.length > 0)
    return `snapshot ${lacking.map(({ snapshot }) => snapshot).join(', ')} is not ready any more`;
  // The pods would write to the present volumes after the snapshot.
  if (record.stop === 'scale' && replicas > 0 && scaledDown >= mostScalings)
    return `another client scales ${formatTarget(target)} up again`;
  return undefined;
}

function isReady(snapshots: SwapWorld['snapshots'], name: string): boolean {
  const snapshot = snapshots.get(name);
  return snapshot?.status?.readyToUse === true && snapshot.metadata.deletionTimestamp === undefined;
}

/** Whether another client has created the claim, without the snapshot. */
function isStrange(pair: Pair): boolean {
  const { live, isOld } = pair;
  return live !== undefined && !isOld && !isLeaving(live) && !isRecreated(pair);
}

/** Leaves alone the claims that another client has created, and releases and creates the others. */
function giveUp(world: SwapWorld, pairs: readonly Pair[], strange: readonly Pair[]): SwapStep {
  const held = pairs.flatMap(({ isOld, live }) => (isOld && live && isHeld(live) ? [live] : []));
  if (held.length > 0) return { do: 'let-go', claims: held };
  const leaving = pairs.flatMap(({ live }) => (live && isLeaving(live) ? [live.metadata.name] : []));
  if (leaving.length > 0) return waitForServer(`claim ${leaving.join(', ')} to be gone`);
  const names = strange.map(({ of }) => of.name);
  return fill(world, pairs) ?? { do: 'write-status', status: failedRecreate(world, names) };
}

function fill({ session, target }: SwapWorld, open: readonly Pair[]): SwapStep | undefined {
  const missing = open.filter(({ live }) => live === undefined).map(({ of }) => of.name);
  const templates = expandTemplates(session).filter(({ metadata }) => missing.includes(metadata.name ?? ''));
  if (templates.length === 0) return undefined;
  const { uid } = session.metadata;
  const named = { namespace: target.namespace, sessionUid: uid };
  const claims = templates.map((each) => claimFrom(each, { ...named, name: each.metadata.name ?? '' }));
  return { do: 'fill', claims };
}

function awaitVolumes({ snapshots }: SwapWorld, open: readonly Pair[]): SwapStep {
  const lost = open.find(({ of, live }) => live && !isReady(snapshots, of.snapshot ?? ''));
  if (lost)
    return { do: 'stuck', why: `snapshot ${lost.of.snapshot ?? ''} of claim ${lost.of.name} was deleted` };
  const names = open.map(({ of }) => of.name).join(', ');
  return { do: 'wait', what: `claim ${names} to be bound`, limit: 'driver' };
}
