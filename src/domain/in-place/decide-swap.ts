/**
 * Decides the next step of a restore in place, from the objects alone. The order is what makes it safe: each new volume
 * is reserved for the claim's name while the old claim still lives, and a claim that is being deleted, held by our
 * finalizer, keeps every pod from starting until no pod runs on any of the old volumes.
 */
import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { stashCondition } from '#src/api/conditions.ts';

import { createdAt } from '#src/domain/session/session-status.ts';

import { claimFrom, manifestOf } from './claim-manifest.ts';
import { decideAbandoning } from './decide-abandoning.ts';
import { finishedSwap, reached, withReached } from './swap-status.ts';
import type { Mark, SwapStep } from './swap-step.ts';
import {
  isHeld,
  isLeaving,
  isReservedFor,
  isSwapped,
  pairsOf,
  podsOnOldClaims,
  type Pair,
  type SwapWorld,
} from './swap-world.ts';
import { readSwapped } from './swapped-volume.ts';

const { claimsStaged, volumesKept, workloadStopped, claimsSwapped, workloadStarted } = stashCondition;

/** Somebody who scales the workload up again is not fought: the gate stops its pods as well. */
const mostScalings = 2;

export function decideSwap(world: SwapWorld): SwapStep {
  if (world.record.abandoned === true) return decideAbandoning(world);
  const pairs = pairsOf(world);
  const open = pairs.filter((pair) => !isSwapped(pair));
  if (open.length === 0) return finish(world, pairs);
  return prepare(world, open) ?? stop(world, pairs) ?? vacate(world, pairs) ?? fill(world, open);
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
  const unreserved = open.flatMap(({ of, incoming, live }) => {
    if (incoming === undefined || isReservedFor(incoming, target.namespace, of.name)) return [];
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
      : [{ volume: incomingName, claim: of.name, role: 'incoming' } as const]),
    ...(isMarked(outgoing, 'kept')
      ? []
      : [{ volume: of.volume, claim: of.name, role: 'kept', ...(manifest && { manifest }) } as const]),
  ];
}

/** Scales the workload down where that was chosen, and where no claim is being deleted yet. */
function stop(world: SwapWorld, pairs: readonly Pair[]): SwapStep | undefined {
  const { record, replicas, scaledDown } = world;
  const scales = record.stop === 'scale' && replicas !== undefined;
  if (record.stopping !== true) {
    return { do: 'record', record: { ...record, stopping: true, ...(scales && { replicas }) } };
  }
  const gateIsOpen = pairs.some(({ isOld, live }) => isOld && live !== undefined && !isLeaving(live));
  if (!scales || !gateIsOpen) return undefined;
  if (replicas > 0) return scaledDown < mostScalings ? { do: 'scale', replicas: 0 } : undefined;
  return waitForPods(world, pairs);
}

/** Deletes the old claims behind their hold, then the pods on them, and lets go of the claims once no pod runs. */
function vacate(world: SwapWorld, pairs: readonly Pair[]): SwapStep | undefined {
  const old = pairs.flatMap(({ isOld, live }) => (isOld && live !== undefined ? [live] : []));
  const standing = old.filter((claim) => !isLeaving(claim));
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
  const mayDelete = lasting.filter(
    ({ metadata, status }) =>
      metadata.ownerReferences?.some(({ controller }) => controller === true) === true &&
      (isGated || status?.phase === 'Succeeded' || status?.phase === 'Failed'),
  );
  if (mayDelete.length > 0) return { do: 'delete-pods', pods: mayDelete };
  const named = pods.map(({ metadata, spec }) => `${metadata.name} on node ${spec.nodeName ?? ''}`);
  return { do: 'wait', what: `pod ${named.join(', ')} to end`, limit: 'pods' };
}

function fill(world: SwapWorld, open: readonly Pair[]): SwapStep {
  const { session, target } = world;
  const lost = open.find(({ incoming }) => incoming === undefined);
  if (lost) return { do: 'stuck', why: `volume ${lost.incomingName} for claim ${lost.of.name} is gone` };
  const missing = open.filter(({ live }) => live === undefined);
  const claims = missing.flatMap(({ of, incomingName, outgoing }) => {
    const manifest = outgoing && readSwapped(outgoing)?.manifest;
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

/** All names stand for the new volumes: starts the workload, and ends the session. */
function finish(world: SwapWorld, pairs: readonly Pair[]): SwapStep {
  const { session, record, replicas, target } = world;
  const unbound = pairs.filter(({ live }) => live?.status?.phase !== 'Bound');
  const lost = unbound.find(({ live }) => live?.status?.phase === 'Lost');
  if (lost) return { do: 'stuck', why: `claim ${lost.of.name} has lost volume ${lost.incomingName}` };
  if (unbound.length > 0)
    return waitForServer(`claim ${unbound.map(({ of }) => of.name).join(', ')} to be bound`);
  if (!reached(session, claimsSwapped))
    return { do: 'write-status', status: withReached(world, claimsSwapped) };
  const marked = pairs.flatMap(({ incoming }) =>
    incoming && readSwapped(incoming)?.role === 'incoming' ? [incoming] : [],
  );
  if (marked.length > 0) return { do: 'give-back', volumes: marked };
  if (!reached(session, workloadStarted)) {
    const { replicas: wanted = 0 } = record;
    if (record.stop === 'scale' && replicas === 0 && wanted > 0) return { do: 'scale', replicas: wanted };
    if (target.kind === 'StatefulSet' && record.stop === 'gate' && !isWoken(world)) return { do: 'nudge' };
    return { do: 'write-status', status: finishedSwap(world) };
  }
  return { do: 'done' };
}

function isWoken({ session, restoredAt }: SwapWorld): boolean {
  return restoredAt !== undefined && new Date(restoredAt) >= createdAt(session);
}

function waitForServer(what: string): SwapStep {
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
