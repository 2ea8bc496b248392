/**
 * What a restore in place records on its RestoreSession before its first write to anything else, so that any executor on
 * any machine can go on from the objects alone.
 */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { isJsonObject, readJson } from '#src/domain/json.ts';
import { mostClaimsPerSession } from '#src/domain/spec-limits.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';

export { isInPlace } from '#src/domain/session/in-place.ts';

/** How the workload's pods are stopped: by its `spec.replicas`, or by claims that are being deleted. */
export const stopMethods = ['scale', 'gate'] as const;

export type StopMethod = (typeof stopMethods)[number];

/**
 * How a claim gets its data. `swap`: from a volume that was made before, and the present one is kept. `recreate`: the claim
 * is deleted and created again from the snapshot, for users who may not patch volumes.
 */
export const inPlaceMethods = ['swap', 'recreate'] as const;

export type InPlaceMethod = (typeof inPlaceMethods)[number];

export interface InPlaceClaim {
  /** The live claim whose volume is replaced. */
  readonly name: string;
  /** UID of the claim that is deleted; a claim of another UID has taken its place. */
  readonly uid: string;
  /** The PersistentVolume with the present data: it is kept. */
  readonly volume: string;
  /** The temporary claim whose volume becomes the new one; left out by `undo`, if `incoming` is a kept volume. */
  readonly staged?: string;
  /** The PersistentVolume that takes the place of `volume`; left out until the staged claim is bound. */
  readonly incoming?: string;
  /** With `recreate`: the VolumeSnapshot that fills the new claim. */
  readonly snapshot?: string;
}

export interface InPlaceRecord {
  readonly v: 1;
  readonly method: InPlaceMethod;
  readonly stop: StopMethod;
  /** `true`: the executor may have begun to stop the workload; written before it does. */
  readonly stopping?: boolean;
  /** `spec.replicas` of the workload before it was scaled to 0; written with `stopping`, and left out with `gate`. */
  readonly replicas?: number;
  /** The session that `undo` and `forget` name to find the kept volumes: this one, or the first one that was undone. */
  readonly volumesOf: string;
  /** The BackupSession that takes a snapshot of the present data before a claim is deleted; always there with `recreate`. */
  readonly before?: string;
  /** `true`: the executor stops before it scales the workload up again; only with `scale`. */
  readonly pause?: boolean;
  /** Other workloads that use the claims, whose pods are stopped, too: `deployment/web`. */
  readonly also?: readonly string[];
  /** `true`: give the new volumes up and leave everything as it was; written only while all live claims stand. */
  readonly abandoned?: boolean;
  /**
   * `true`: a new volume was lost after a claim had been deleted. `volume` and `incoming` of all claims have changed
   * places: the claims get their earlier volumes back, and the session fails.
   */
  readonly turnedBack?: boolean;
  /** Why it was abandoned or turned back; left out if the user asked for it. */
  readonly why?: string;
  readonly claims: readonly InPlaceClaim[];
}

/** Records the other workloads that are stopped. */
export function alsoStopped(also: readonly Pick<Target, 'kind' | 'name'>[]): Pick<InPlaceRecord, 'also'> {
  return also.length === 0 ? {} : { also: also.map(formatTarget) };
}

export function formatRecord(record: InPlaceRecord): string {
  return JSON.stringify(record);
}

/** Undefined if the session does not restore in place, or if its record is malformed or of a later version of this program. */
export function readRecord({ metadata }: KubernetesObject): InPlaceRecord | undefined {
  const value = readJson(metadata.annotations?.[annotation.inPlace]);
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is InPlaceRecord {
  if (!isJsonObject(value)) return false;
  const {
    v,
    method,
    stop,
    stopping,
    replicas,
    pause,
    also = [],
    volumesOf,
    before,
    abandoned,
    turnedBack,
    why,
    claims,
  } = value;
  return (
    v === 1 &&
    inPlaceMethods.some((each) => each === method) &&
    stopMethods.some((each) => each === stop) &&
    (replicas === undefined || (Number.isInteger(replicas) && Number(replicas) >= 0)) &&
    isText(volumesOf) &&
    (before === undefined ? method === 'swap' : isText(before)) &&
    (why === undefined || isText(why)) &&
    [stopping, pause, abandoned, turnedBack].every(
      (each) => each === undefined || typeof each === 'boolean',
    ) &&
    Array.isArray(also) &&
    also.every(isText) &&
    Array.isArray(claims) &&
    claims.length > 0 &&
    claims.length <= mostClaimsPerSession &&
    claims.every((claim) => isClaim(claim) && (method === 'swap' || claim.snapshot !== undefined))
  );
}

function isClaim(value: unknown): value is InPlaceClaim {
  if (!isJsonObject(value)) return false;
  const { name, uid, volume, staged, incoming, snapshot } = value;
  return (
    [name, uid, volume].every(isText) &&
    [staged, incoming, snapshot].every((each) => each === undefined || isText(each))
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
