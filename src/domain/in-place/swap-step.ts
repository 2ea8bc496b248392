/** The next step of an executor that restores in place. The executor may repeat each step. Each list has at least one entry. */
import type { Named, PersistentVolume, PersistentVolumeClaim, Pod, Stored } from '#src/api/kubernetes.ts';
import type { StatusOf, RestoreSession } from '#src/api/stash.ts';
import type { StatusChange } from '#src/domain/session/step.ts';

import type { InPlaceRecord } from './record.ts';
import type { ClaimManifest, VolumeRole } from './swapped-volume.ts';

type Claim = Stored<PersistentVolumeClaim>;
type Volume = Stored<PersistentVolume>;

/** Annotations and labels for a volume, whose reclaim policy becomes Retain. */
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
  /** Delete the staged claims, so that their volumes are released. */
  | { readonly do: 'release-staged'; readonly claims: readonly Claim[] }
  /** Reserve each volume for the next claim of that name. */
  | { readonly do: 'reserve'; readonly reservations: readonly Reservation[] }
  /** Give reservations up: the volumes name a UID that no claim has. */
  | { readonly do: 'unreserve'; readonly volumes: readonly Volume[] }
  | { readonly do: 'record'; readonly record: InPlaceRecord }
  | { readonly do: 'scale'; readonly replicas: number }
  /** Take the snapshot of the present data that the record names, or bring it to its end. */
  | { readonly do: 'take-before'; readonly name: string }
  | { readonly do: 'hold'; readonly claims: readonly Claim[] }
  | { readonly do: 'delete-claims'; readonly claims: readonly Claim[] }
  | { readonly do: 'delete-pods'; readonly pods: readonly Stored<Pod>[] }
  /** Remove our finalizer: Kubernetes deletes the claims as soon as no other finalizer is left. */
  | { readonly do: 'let-go'; readonly claims: readonly Claim[] }
  | { readonly do: 'fill'; readonly claims: readonly Named<PersistentVolumeClaim>[] }
  /** Give the volumes their reclaim policy back, and remove our annotations and labels. */
  | { readonly do: 'give-back'; readonly volumes: readonly Volume[] }
  /** Change the workload's metadata: the StatefulSet controller does not watch claims. */
  | { readonly do: 'nudge' }
  | { readonly do: 'write-status'; readonly status: StatusChange<StatusOf<RestoreSession>> }
  | Wait
  /** All claims have their new volumes, and the user wants to look at them before the workload starts. */
  | { readonly do: 'pause' }
  /** Nothing more can be done: the message says what is in the way, the status is not written. */
  | { readonly do: 'stuck'; readonly why: string }
  | { readonly do: 'done' };

export interface Wait {
  readonly do: 'wait';
  /** What the executor waits for, as in "waiting for pod db-0 to end". */
  readonly what: string;
  /**
   * `pods`: as long as the user allows for the shutdown; `server`: as long as controllers may need; `driver`: as long as
   * the session may take.
   */
  readonly limit: 'pods' | 'server' | 'driver';
  /** What the user can do about it once the limit has passed; one line each. */
  readonly hint?: readonly string[];
}
