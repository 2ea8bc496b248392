/** What a restore in place is going to do, before it writes anything. */
import type { Named } from '#src/api/kubernetes.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import type { Target } from '#src/domain/workload/target.ts';

import type { Stopping } from './choose-stop.ts';
import type { InPlaceRecord } from './record.ts';

export interface InPlacePlan {
  readonly target: Target;
  readonly point: PlannedPoint;
  /** Ready to be created. The name of another one must be in its record and in the names of its claims, too. */
  readonly session: Named<RestoreSession>;
  /** As the session's annotation has it. */
  readonly record: InPlaceRecord;
  /** The temporary claims, in the order of `rows`. */
  readonly templates: readonly VolumeClaimTemplate[];
  readonly rows: readonly InPlaceRow[];
  readonly stop: Stopping;
  /** `spec.replicas` now; undefined if the target has none. */
  readonly replicas: number | undefined;
  /** How many pods are stopped. */
  readonly pods: number;
  readonly storage: StorageNeed;
  /** What else the user should know; one line each. */
  readonly notes: readonly string[];
}

export interface PlannedPoint {
  /** As `--from` takes it. */
  readonly session: string;
  /** Later writes are not in the new volumes. */
  readonly cutAt: Date;
}

export interface InPlaceRow {
  readonly claim: string;
  /** The PersistentVolume that is kept. */
  readonly volume: string;
  readonly snapshot: string;
  readonly size: string;
  readonly newSize: string;
  /** Zone or node of the present volume, if it is bound to one. */
  readonly place: string | undefined;
}

/** Bytes, beside the present claims. */
export interface StorageNeed {
  readonly needed: bigint;
  /** Undefined if no quota limits it. */
  readonly left: bigint | undefined;
}
