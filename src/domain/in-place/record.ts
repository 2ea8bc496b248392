/**
 * The record that a restore in place writes on its RestoreSession before it writes anything else. With it, a command
 * line on any machine can continue from the objects alone.
 */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { isJsonObject, readJson } from '#src/domain/json.ts';
import { mostClaimsPerSession } from '#src/domain/spec-limits.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';

export { isInPlace } from '#src/domain/session/in-place.ts';

/** How the command line stops the workload's pods: with `spec.replicas`, or with claims that are being deleted. */
export const stopMethods = ['scale', 'gate'] as const;

export type StopMethod = (typeof stopMethods)[number];

/**
 * How a claim gets its data. `swap`: from a volume that was provisioned before; the present volume is kept. `recreate`:
 * the command line deletes the claim and creates it again from the snapshot, for users who may not patch volumes.
 */
export const inPlaceMethods = ['swap', 'recreate'] as const;

export type InPlaceMethod = (typeof inPlaceMethods)[number];

export interface InPlaceClaim {
  /** The live claim whose volume the restore replaces. */
  readonly name: string;
  /** UID of the claim to delete. A claim with another UID has taken its place. */
  readonly uid: string;
  /** The PersistentVolume with the present data, which the restore keeps. */
  readonly volume: string;
  /**
   * The temporary claim whose volume becomes the new one. `undo` leaves it out, because `incoming` is a kept volume.
   */
  readonly staged?: string;
  /** The PersistentVolume that replaces `volume`. Left out until the staged claim is bound. */
  readonly incoming?: string;
  /** With `recreate`: the VolumeSnapshot that fills the new claim. */
  readonly snapshot?: string;
}

export interface InPlaceRecord {
  readonly v: 1;
  readonly method: InPlaceMethod;
  readonly stop: StopMethod;
  /** `true`: the executor may have begun to stop the workload. It writes this first. */
  readonly stopping?: boolean;
  /**
   * `spec.replicas` of the workload before the executor scales it to 0. Written with `stopping`, and left out with
   * `gate`.
   */
  readonly replicas?: number;
  /**
   * The session that the user names to `undo` and `forget` the kept volumes: this one, or the first session that was
   * undone.
   */
  readonly volumesOf: string;
  /**
   * The BackupSession that takes a snapshot of the present data before the executor deletes a claim. Always set with
   * `recreate`.
   */
  readonly before?: string;
  /** `true`: stop before the workload is scaled up again; only with `scale`. */
  readonly pause?: boolean;
  /** Other workloads that use the claims and whose pods the executor stops, too: `deployment/web`. */
  readonly also?: readonly string[];
  /** `true`: give up the new volumes and leave everything as it was. Written only while all live claims exist. */
  readonly abandoned?: boolean;
  /**
   * `true`: a new volume was lost after a claim had been deleted. `volume` and `incoming` of all claims are exchanged:
   * the claims get their earlier volumes back, and the session fails.
   */
  readonly turnedBack?: boolean;
  /** Why the restore was abandoned or turned back. Left out if the user asked for it. */
  readonly why?: string;
  readonly claims: readonly InPlaceClaim[];
}

/** Records the other workloads whose pods the executor stops. */
export function alsoStopped(also: readonly Pick<Target, 'kind' | 'name'>[]): Pick<InPlaceRecord, 'also'> {
  return also.length === 0 ? {} : { also: also.map(formatTarget) };
}

export function formatRecord(record: InPlaceRecord): string {
  return JSON.stringify(record);
}

/** Returns undefined if the session is no restore in place, or if its record is malformed or of a later version. */
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
