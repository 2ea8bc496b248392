/** The objects from which the next step of a swap is decided, claim by claim. */
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Stored,
  VolumeSnapshot,
} from '#src/api/kubernetes.ts';
import { holdFinalizer } from '#src/api/labels.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import { mounts } from '#src/domain/restore/claims-in-the-way.ts';
import type { Target } from '#src/domain/workload/target.ts';

import type { InPlaceClaim, InPlaceRecord } from './record.ts';

type Claim = Stored<PersistentVolumeClaim>;
type Volume = Stored<PersistentVolume>;

export interface SwapWorld {
  readonly now: Date;
  readonly session: Stored<RestoreSession>;
  /** Every claim of the record has its `incoming` volume. */
  readonly record: InPlaceRecord;
  readonly target: Target;
  /** `spec.replicas` of the workload now. Undefined if it does not exist or cannot be scaled. */
  readonly replicas: number | undefined;
  /** When an executor last woke the workload's controller after such a restore (RFC 3339). */
  readonly restoredAt: string | undefined;
  /** How often this executor has scaled the workload down. Another client may scale it up again. */
  readonly scaledDown: number;
  /** All claims of the namespace, by name. */
  readonly claims: ReadonlyMap<string, Claim>;
  /** By name: the volumes that a restore in place has marked. */
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly pods: readonly Stored<Pod>[];
  /**
   * The BackupSession that the record names as `before`. Undefined if it does not exist, or if the record names none.
   */
  readonly backup: Stored<BackupSession> | undefined;
  /** All snapshots of the namespace, by name. Empty if the record names no `before`. */
  readonly snapshots: ReadonlyMap<string, Stored<VolumeSnapshot>>;
  /** The BackupSession that this executor has carried out since it last stopped the pods. */
  readonly taken: string | undefined;
}

/** One claim of the swap, as it is now. */
export interface Pair {
  readonly of: InPlaceClaim;
  readonly incomingName: string;
  /** The claim that has the name now. */
  readonly live: Claim | undefined;
  /** Whether `live` is the claim to replace. */
  readonly isOld: boolean;
  readonly outgoing: Volume | undefined;
  readonly incoming: Volume | undefined;
}

export function pairsOf({ record, claims, volumes }: SwapWorld): Pair[] {
  return record.claims.map((of) => {
    const live = claims.get(of.name);
    const incomingName = of.incoming ?? '';
    return {
      ...{ of, incomingName, live },
      isOld: live?.metadata.uid === of.uid,
      outgoing: volumes.get(of.volume),
      incoming: volumes.get(incomingName),
    };
  });
}

/** Whether the claim of that name has the new volume, and nobody is deleting the claim. */
export function isSwapped(pair: Pair): boolean {
  const { of, live, incomingName } = pair;
  if (live === undefined || isLeaving(live)) return false;
  if (of.snapshot !== undefined) return isRecreated(pair) && live.status?.phase === 'Bound';
  return live.spec.volumeName === incomingName;
}

/** Whether the claim was created again from its snapshot, bound or not. */
export function isRecreated({ of, live, isOld }: Pair): boolean {
  const { kind, name } = live?.spec.dataSource ?? live?.spec.dataSourceRef ?? {};
  return !isOld && kind === 'VolumeSnapshot' && name === of.snapshot;
}

export function isLeaving({ metadata }: Claim): boolean {
  return metadata.deletionTimestamp !== undefined;
}

export function isHeld({ metadata }: Claim): boolean {
  return metadata.finalizers?.includes(holdFinalizer) === true;
}

/** Whether the volume is reserved for the next claim of that name, whoever creates it. */
export function isReservedFor({ spec: { claimRef } }: Volume, namespace: string, claim: string): boolean {
  return claimRef?.namespace === namespace && claimRef.name === claim && (claimRef.uid ?? '') === '';
}

/** Whether the claim is being deleted, and its volume is the one that the claim of that name gets in the end. */
export function isToReturn({ live, isOld, incomingName }: Pair): boolean {
  return isOld && live?.spec.volumeName === incomingName;
}

/**
 * Returns the pods on a node that use a claim to replace. Kubernetes protects the claim as long as they exist, even if
 * they have ended.
 */
export function podsOnOldClaims({ pods }: SwapWorld, pairs: readonly Pair[]): Stored<Pod>[] {
  const names = pairs.filter(({ isOld }) => isOld).map(({ of }) => of.name);
  return pods.filter((pod) => (pod.spec.nodeName ?? '') !== '' && names.some((name) => mounts(pod, name)));
}
