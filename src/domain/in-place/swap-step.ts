/**
 * The steps of an executor that restores in place. The executor may repeat each of them. Each list has at least one
 * entry.
 */
import type { Named, PersistentVolume, PersistentVolumeClaim, Pod, Stored } from '#src/api/kubernetes.ts';
import type { StatusOf, RestoreSession } from '#src/api/stash.ts';
import type { StatusChange } from '#src/domain/session/step.ts';

import type { InPlaceRecord } from './record.ts';
import type { ClaimManifest, VolumeRole } from './swapped-volume.ts';

type Claim = Stored<PersistentVolumeClaim>;
type Volume = Stored<PersistentVolume>;

/** The annotation to write on a volume. Its reclaim policy becomes Retain. */
export interface Mark {
  readonly volume: string;
  readonly claim: string;
  readonly role: VolumeRole;
  readonly manifest?: ClaimManifest;
}

export interface Reservation {
  readonly volume: Volume;
  readonly claim: string;
}

export type SwapStep =
  | { readonly do: 'mark'; readonly marks: readonly Mark[] }
  /** Delete the staged claims, so that their volumes become Released. */
  | { readonly do: 'release-staged'; readonly claims: readonly Claim[] }
  /** Reserve each volume for the next claim of that name. */
  | { readonly do: 'reserve'; readonly reservations: readonly Reservation[] }
  /** Give up reservations: write a UID that no claim has into the claimRef of the volumes. */
  | { readonly do: 'unreserve'; readonly volumes: readonly Volume[] }
  | { readonly do: 'record'; readonly record: InPlaceRecord }
  | { readonly do: 'scale'; readonly replicas: number }
  /** Take the snapshot of the present data that the record names, or bring its session to its end. */
  | { readonly do: 'take-before'; readonly name: string }
  | { readonly do: 'hold'; readonly claims: readonly Claim[] }
  | { readonly do: 'delete-claims'; readonly claims: readonly Claim[] }
  | { readonly do: 'delete-pods'; readonly pods: readonly Stored<Pod>[] }
  /** Remove our finalizer: the API server removes the claims when no other finalizer is left. */
  | { readonly do: 'let-go'; readonly claims: readonly Claim[] }
  | { readonly do: 'fill'; readonly claims: readonly Named<PersistentVolumeClaim>[] }
  /** Restore the volumes' own reclaim policy and remove our annotation. */
  | { readonly do: 'give-back'; readonly volumes: readonly Volume[] }
  /** Change the workload's metadata to wake the StatefulSet controller, which does not watch claims. */
  | { readonly do: 'nudge' }
  | { readonly do: 'write-status'; readonly status: StatusChange<StatusOf<RestoreSession>> }
  | Wait
  /** Stop here: all claims have their new volumes, and the user wants to look at them before the workload starts. */
  | { readonly do: 'pause' }
  /** Stop here with an error that says what is in the way. The executor does not write the status. */
  | { readonly do: 'stuck'; readonly why: string }
  | { readonly do: 'done' };

export interface Wait {
  readonly do: 'wait';
  /** What the executor waits for, as in "waiting for pod db-0 to end". */
  readonly what: string;
  /**
   * `pods`: as long as the user allows for the shutdown; `server`: as long as controllers may need; `driver`: until the
   * session's deadline.
   */
  readonly limit: 'pods' | 'server' | 'driver';
  /** What the user can do once the limit has passed; one line each. */
  readonly hint?: readonly string[];
}
