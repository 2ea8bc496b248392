/**
 * Decides the next step of a restore in place, from the objects alone. The order is what makes it safe: each new volume
 * is reserved for the claim's name while the old claim still lives, and a claim that is being deleted, held by our
 * finalizer, keeps every pod from starting until no pod runs on any of the old volumes.
 */
import type { PersistentVolumeClaim, Pod, Stored } from '#src/api/kubernetes.ts';
import { stashCondition } from '#src/api/conditions.ts';

import { hasEnded } from '#src/domain/restore/claims-in-the-way.ts';
import { createdAt, isFinal } from '#src/domain/session/session-status.ts';

import { claimFrom, manifestOf } from './claim-manifest.ts';
import { canAbandon, decideAbandoning } from './decide-abandoning.ts';
import { aboutLastingPods } from './lasting-pods.ts';
import type { InPlaceClaim, InPlaceRecord } from './record.ts';
import { beforeAgain, safetyOf } from './safety-snapshot.ts';
import { finishedSwap, reached, withReached } from './swap-status.ts';
import type { Mark, SwapStep } from './swap-step.ts';
import {
  isHeld,
  isLeaving,
  isReservedFor,
  isSwapped,
  isToReturn,
  pairsOf,
  podsOnOldClaims,
  type Pair,
  type SwapWorld,
} from './swap-world.ts';
import { readSwapped } from './swapped-volume.ts';

const { claimsStaged, volumesKept, workloadStopped, claimsSwapped } = stashCondition;

/** If somebody scales the workload up again, the executor does not scale it down: the gate stops its pods as well. */
export const mostScalings = 2;

export function decideSwap(world: SwapWorld): SwapStep {
  if (isFinal(world.session)) return { do: 'done' };
  if (world.record.abandoned === true) return decideAbandoning(world);
  const pairs = pairsOf(world);
  const open = pairs.filter((pair) => !isSwapped(pair));
  if (open.length === 0) return finish(world, pairs);
  return prepare(world, open) ?? clear(world, pairs) ?? fill(world, open);
}

/** Takes the snapshot of the present data that is wanted, stops the workload, and deletes the old claims. */
export function clear(world: SwapWorld, pairs: readonly Pair[]): SwapStep | undefined {
  // Behind the gate, the snapshot controller cannot protect a claim any more.
  const early = world.record.stop === 'gate' ? secure(world) : undefined;
  return early ?? stop(world, pairs) ?? secure(world) ?? vacate(world, pairs);
}

function secure(world: SwapWorld): SwapStep | undefined {
  const { record, session, taken } = world;
  const safety = safetyOf(world);
  if (record.before === undefined || safety === 'not-wanted' || !canAbandon(world)) return undefined;
  if (safety === 'open') return { do: 'take-before', name: record.before };
  if (safety !== 'ready') return { do: 'record', record: { ...record, abandoned: true, why: safety.failed } };
  if (record.method === 'swap' || taken === record.before) return undefined;
  // Another executor took the snapshot, or pods have run since: what they wrote would be lost with the present volumes.
  const before = beforeAgain(session.metadata.name, record.before);
  return { do: 'record', record: { ...record, before } };
}

/** Keeps the old volumes, and reserves the new ones; the workload runs on. */
function prepare(world: SwapWorld, open: readonly Pair[]): SwapStep | undefined {
  const { session, record, claims, volumes, target } = world;
  const strayed = open.find(isStrayed);
  if (strayed) {
    const { of, live, incomingName } = strayed;
    const why = `somebody created claim ${of.name} anew, and it got volume ${live?.spec.volumeName ?? ''} instead of ${incomingName}: compare what it asks for with what the volume has`;
    return { do: 'stuck', why };
  }
  const lost = open.filter(({ incoming }) => incoming === undefined);
  if (lost.length > 0 && reached(session, volumesKept) && record.turnedBack !== true) {
    const why = `volume ${lost.map(({ incomingName }) => incomingName).join(', ')} was deleted`;
    return {
      do: 'record',
      record: canAbandon(world) ? { ...record, abandoned: true, why } : turnedBack(world, why),
    };
  }
  const marks = open.flatMap((pair) => marksOf(pair, world));
  if (marks.length > 0) return { do: 'mark', marks };
  if (!reached(session, volumesKept)) {
    const staged = record.claims.some((claim) => claim.staged !== undefined);
    return { do: 'write-status', status: withReached(world, ...(staged ? [claimsStaged] : []), volumesKept) };
  }

  const staged = record.claims.flatMap(({ staged }) => claims.get(staged ?? '') ?? []);
  const standing = staged.filter((claim) => !isLeaving(claim));
  if (standing.length > 0) return { do: 'release-staged', claims: standing };
  if (staged.length > 0) return waitForServer(`staged claim ${namesOf(staged)} to be gone`);

  const rivals = [...volumes.values()].filter((volume) =>
    open.some(
      ({ of, incomingName }) =>
        volume.metadata.name !== incomingName && isReservedFor(volume, target.namespace, of.name),
    ),
  );
  if (rivals.length > 0) return { do: 'unreserve', volumes: rivals };
  const unreserved = open.flatMap((pair) => {
    const { of, incoming, live } = pair;
    if (incoming === undefined || isReservedFor(incoming, target.namespace, of.name)) return [];
    if (isToReturn(pair)) return [];
    // The volume is being bound to the claim that has come in the old one's place.
    if (live !== undefined && incoming.spec.claimRef?.uid === live.metadata.uid && !isLeaving(live))
      return [];
    return [{ volume: incoming, claim: of.name }];
  });
  const bound = unreserved.filter(({ volume }) => volume.status?.phase !== 'Released');
  if (bound.length > 0) return waitForServer(`volume ${volumesOf(bound)} to be released`);
  if (unreserved.length > 0) return { do: 'reserve', reservations: unreserved };
  // The phase is the volume controller's receipt: from then on no volume is provisioned for a claim of that name.
  const unanswered = open.filter(
    ({ of, incoming }) =>
      incoming !== undefined &&
      isReservedFor(incoming, target.namespace, of.name) &&
      incoming.status?.phase !== 'Available',
  );
  if (unanswered.length > 0)
    return waitForServer(
      `volume ${unanswered.map(({ incomingName }) => incomingName).join(', ')} to be Available`,
    );
  return undefined;
}

function marksOf({ of, incomingName, live, isOld, outgoing, incoming }: Pair, { record }: SwapWorld): Mark[] {
  const isMarked = (volume: typeof incoming, role: Mark['role']) => {
    const said = volume && readSwapped(volume);
    return (
      said?.role === role &&
      said.session === record.volumesOf &&
      volume?.spec.persistentVolumeReclaimPolicy === 'Retain'
    );
  };
  const manifest =
    (isOld && live ? manifestOf(live) : undefined) ??
    (outgoing && readSwapped(outgoing)?.manifest) ??
    (incoming && readSwapped(incoming)?.manifest);
  return [
    ...(isMarked(incoming, 'incoming')
      ? []
      : [{ volume: incomingName, claim: of.name, role: 'incoming', ...(manifest && { manifest }) } as const]),
    ...(isMarked(outgoing, 'kept') || (record.turnedBack === true && outgoing === undefined)
      ? []
      : [{ volume: of.volume, claim: of.name, role: 'kept', ...(manifest && { manifest }) } as const]),
  ];
}

/** Scales the workload down if the record says so and no claim is being deleted yet. */
function stop(world: SwapWorld, pairs: readonly Pair[]): SwapStep | undefined {
  const { record, replicas, scaledDown } = world;
  const scales = record.stop === 'scale' && replicas !== undefined;
  if (record.stopping !== true) {
    return { do: 'record', record: { ...record, stopping: true, ...(scales && { replicas }) } };
  }
  const gateIsOpen = pairs.some(({ isOld, live }) => isOld && live !== undefined && !isLeaving(live));
  if (!scales || !gateIsOpen) return undefined;
  if (replicas > 0) return scaledDown < mostScalings ? { do: 'scale', replicas: 0 } : undefined;
  const pods = waitForPods(world, pairs);
  if (pods?.do !== 'wait') return pods;
  // What the executor does while the pods end does not prolong the downtime.
  const unheld = standingClaims(pairs).filter((claim) => !isHeld(claim));
  return unheld.length > 0 ? { do: 'hold', claims: unheld } : pods;
}

function standingClaims(pairs: readonly Pair[]): Stored<PersistentVolumeClaim>[] {
  return pairs.flatMap(({ isOld, live }) => (isOld && live !== undefined && !isLeaving(live) ? [live] : []));
}

/** Deletes the old claims behind their hold, then the pods on them, and lets go of the claims once no pod runs. */
function vacate(world: SwapWorld, pairs: readonly Pair[]): SwapStep | undefined {
  const old = pairs.flatMap(({ isOld, live }) => (isOld && live !== undefined ? [live] : []));
  const standing = standingClaims(pairs);
  const unheld = standing.filter((claim) => !isHeld(claim));
  if (unheld.length > 0) return { do: 'hold', claims: unheld };
  if (standing.length > 0) return { do: 'delete-claims', claims: standing };
  if (old.length === 0) return undefined;
  const pods = waitForPods(world, pairs);
  if (pods) return pods;
  if (!reached(world.session, workloadStopped))
    return { do: 'write-status', status: withReached(world, workloadStopped) };
  const held = old.filter(isHeld);
  if (held.length > 0) return { do: 'let-go', claims: held };
  return waitForServer(`claim ${old.map(describeLeaving).join(', ')} to be gone`);
}

/** Pods that a scaled workload ends by itself are only waited for; those of a gated one are deleted. */
function waitForPods(world: SwapWorld, pairs: readonly Pair[]): SwapStep | undefined {
  const pods = podsOnOldClaims(world, pairs);
  if (pods.length === 0) return undefined;
  const isGated = pairs.every(({ isOld, live }) => !isOld || live === undefined || isLeaving(live));
  const lasting = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const mayDelete = lasting.filter((pod) => hasEnded(pod) || (isGated && isReplaced(pod)));
  if (mayDelete.length > 0) return { do: 'delete-pods', pods: mayDelete };
  const named = pods.map(({ metadata, spec }) => `${metadata.name} on node ${spec.nodeName ?? ''}`);
  const hint = aboutLastingPods(pods, world.target.namespace);
  return { do: 'wait', what: `pod ${named.join(', ')} to end`, limit: 'pods', hint };
}

/** Whether a controller creates another pod in its place, and nothing fails because of it: a Job would count a failure. */
function isReplaced({ metadata }: Stored<Pod>): boolean {
  return (
    metadata.ownerReferences?.some(({ controller, kind }) => controller === true && kind !== 'Job') === true
  );
}

function fill(world: SwapWorld, open: readonly Pair[]): SwapStep {
  const { session, target } = world;
  const lost = open.find(({ incoming }) => incoming === undefined);
  if (lost) return { do: 'stuck', why: `volume ${lost.incomingName} for claim ${lost.of.name} is gone` };
  const missing = open.filter(({ live }) => live === undefined);
  const claims = missing.flatMap(({ of, incomingName, outgoing, incoming }) => {
    const manifest =
      (outgoing && readSwapped(outgoing)?.manifest) ?? (incoming && readSwapped(incoming)?.manifest);
    if (manifest === undefined) return [];
    const { namespace } = target;
    const sessionUid = session.metadata.uid;
    return [claimFrom(manifest, { name: of.name, namespace, volumeName: incomingName, sessionUid })];
  });
  if (claims.length > 0) return { do: 'fill', claims };
  const [unknown] = missing;
  if (unknown) {
    const why = `volume ${unknown.of.volume} no longer says what claim ${unknown.of.name} was like; create that claim anew, it gets volume ${unknown.incomingName}`;
    return { do: 'stuck', why };
  }
  return waitForServer(`claim ${open.map(({ of }) => of.name).join(', ')} to be bound`);
}

/** Whether a new claim of that name has a volume, and not the reserved one. */
function isStrayed({ live, isOld, incomingName }: Pair): boolean {
  const { volumeName = '' } = live?.spec ?? {};
  return !isOld && live !== undefined && !isLeaving(live) && volumeName !== '' && volumeName !== incomingName;
}

/** Once all claims have the new volumes: starts the workload, and ends the session. */
export function finish(world: SwapWorld, pairs: readonly Pair[]): SwapStep {
  const { session, record, replicas, target } = world;
  const unbound = pairs.filter(({ live }) => live?.status?.phase !== 'Bound');
  const lost = unbound.find(({ live }) => live?.status?.phase === 'Lost');
  if (lost) return { do: 'stuck', why: `claim ${lost.of.name} has lost volume ${lost.incomingName}` };
  const gone = unbound.filter(({ incoming }) => incoming === undefined);
  if (gone.length > 0) {
    const why = `volume ${gone.map(({ incomingName }) => incomingName).join(', ')} was deleted`;
    return record.turnedBack === true
      ? { do: 'stuck', why }
      : { do: 'record', record: turnedBack(world, why) };
  }
  if (unbound.length > 0)
    return waitForServer(`claim ${unbound.map(({ of }) => of.name).join(', ')} to be bound`);
  if (!reached(session, claimsSwapped))
    return { do: 'write-status', status: withReached(world, claimsSwapped) };
  const { replicas: wanted = 0 } = record;
  const isDown = record.stop === 'scale' && replicas === 0 && wanted > 0;
  if (isDown && record.pause !== true) return { do: 'scale', replicas: wanted };
  const marked = pairs.flatMap(({ incoming }) =>
    incoming && readSwapped(incoming)?.role === 'incoming' ? [incoming] : [],
  );
  if (marked.length > 0) return { do: 'give-back', volumes: marked };
  if (isDown) return { do: 'pause' };
  if (target.kind === 'StatefulSet' && record.stop === 'gate' && !isWoken(world)) return { do: 'nudge' };
  return { do: 'write-status', status: finishedSwap(world) };
}

function isWoken({ session, restoredAt }: SwapWorld): boolean {
  return restoredAt !== undefined && new Date(restoredAt) >= createdAt(session);
}

/** The record with which the claims get the volumes back that they had. */
function turnedBack(world: SwapWorld, why: string): InPlaceRecord {
  const claims = pairsOf(world).map((pair): InPlaceClaim => {
    const { of, live, incomingName } = pair;
    const uid = isSwapped(pair) && live ? live.metadata.uid : of.uid;
    return { name: of.name, uid, volume: incomingName, incoming: of.volume };
  });
  return { ...world.record, turnedBack: true, why, claims };
}

export function waitForServer(what: string): SwapStep {
  return { do: 'wait', what, limit: 'server' };
}

function namesOf(claims: readonly Stored<PersistentVolumeClaim>[]): string {
  return claims.map(({ metadata }) => metadata.name).join(', ');
}

function volumesOf(
  of: readonly { readonly volume: { readonly metadata: { readonly name: string } } }[],
): string {
  return of.map(({ volume }) => volume.metadata.name).join(', ');
}

function describeLeaving({ metadata }: Stored<PersistentVolumeClaim>): string {
  const { name, finalizers = [] } = metadata;
  return finalizers.length === 0 ? name : `${name} (kept by ${finalizers.join(', ')})`;
}
