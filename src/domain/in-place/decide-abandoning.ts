/**
 * Decides the steps that abandon a restore in place. As long as every old claim exists, they leave everything as it
 * was.
 */
import { isFinal } from '#src/domain/session/session-status.ts';

import { abandonedSwap } from './swap-status.ts';
import type { SwapStep } from './swap-step.ts';
import { isHeld, isLeaving, isReservedFor, pairsOf, type Pair, type SwapWorld } from './swap-world.ts';
import { readSwapped } from './swapped-volume.ts';

/** Whether no claim has been deleted yet. */
export function canAbandon(world: SwapWorld): boolean {
  return pairsOf(world).every(({ isOld, live }) => isOld && live !== undefined && !isLeaving(live));
}

export function decideAbandoning(world: SwapWorld): SwapStep {
  const { record, claims, replicas, target } = world;
  const pairs = pairsOf(world);
  if (!canAbandon(world)) {
    return {
      do: 'stuck',
      why: 'a claim has been deleted meanwhile, so it is too late to leave all as it was',
    };
  }
  const held = pairs.flatMap(({ live }) => (live && isHeld(live) ? [live] : []));
  if (held.length > 0) return { do: 'let-go', claims: held };
  if (record.replicas !== undefined && record.replicas > 0 && replicas === 0)
    return { do: 'scale', replicas: record.replicas };

  const reserved = pairs.flatMap(({ of, incoming }) =>
    incoming && isReservedFor(incoming, target.namespace, of.name) ? [incoming] : [],
  );
  if (reserved.length > 0) return { do: 'unreserve', volumes: reserved };
  // The volume controller never deletes an Available volume, even with policy Delete.
  const available = pairs.flatMap(({ incoming }) =>
    incoming?.status?.phase === 'Available' ? [incoming] : [],
  );
  if (available.length > 0) {
    const names = available.map(({ metadata }) => metadata.name).join(', ');
    return { do: 'wait', what: `volume ${names} to be released`, limit: 'server' };
  }
  const again = pairs.filter(isKeptVolume);
  if (again.length > 0) {
    return {
      do: 'mark',
      marks: again.map(({ of, incomingName }) => ({ volume: incomingName, claim: of.name, role: 'kept' })),
    };
  }
  const marked = pairs.flatMap(({ of, outgoing, incoming }) => [
    ...(outgoing ? [outgoing] : []),
    ...(incoming && of.staged !== undefined ? [incoming] : []),
  ]);
  if (marked.length > 0) return { do: 'give-back', volumes: marked };
  const staged = record.claims.flatMap((claim) => claims.get(claim.staged ?? '') ?? []);
  const standing = staged.filter((claim) => !isLeaving(claim));
  if (standing.length > 0) return { do: 'release-staged', claims: standing };
  if (staged.length > 0) {
    const names = staged.map(({ metadata }) => metadata.name).join(', ');
    return { do: 'wait', what: `staged claim ${names} to be gone`, limit: 'server' };
  }
  const { backup } = world;
  if (backup !== undefined && !isFinal(backup)) return { do: 'take-before', name: backup.metadata.name };
  return { do: 'write-status', status: abandonedSwap(world) };
}

/** Whether `undo` was about to bring the volume back: it then stays kept. */
function isKeptVolume({ of, incoming }: Pair): boolean {
  return of.staged === undefined && incoming !== undefined && readSwapped(incoming)?.role === 'incoming';
}
