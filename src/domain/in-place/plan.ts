/** The plan of a restore in place, made before it writes anything. */
import type { Named } from '#src/api/kubernetes.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import type { Target } from '#src/domain/workload/target.ts';

import type { Stopping } from './choose-stop.ts';
import type { InPlaceRecord } from './record.ts';

export interface InPlacePlan {
  readonly target: Target;
  readonly point: PlannedPoint;
  /** Ready to be created. To change its name, change its record and the names of its temporary claims, too. */
  readonly session: Named<RestoreSession>;
  /** The record in the session's annotation. */
  readonly record: InPlaceRecord;
  /** The temporary claims, in the order of `rows`. */
  readonly templates: readonly VolumeClaimTemplate[];
  readonly rows: readonly InPlaceRow[];
  readonly stop: Stopping;
  /** `spec.replicas` now. Undefined if the target has no such field. */
  readonly replicas: number | undefined;
  /** How many pods the command line stops. */
  readonly pods: number;
  readonly storage: StorageNeed;
  /** What else the user should know, in notes of one line each. */
  readonly notes: readonly string[];
}

export interface PlannedPoint {
  /** The restore point, as `--from` takes it. */
  readonly session: string;
  /** The time of the snapshots: the new volumes do not contain later writes. */
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

/** The storage that the restore needs besides the present claims, in bytes. */
export interface StorageNeed {
  readonly needed: bigint;
  /** Undefined if no quota limits the storage. */
  readonly left: bigint | undefined;
}
