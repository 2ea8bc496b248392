/** The record of a claim in its snapshot's annotations. A restore creates the claim again from this record. */
import type { AccessMode, PersistentVolumeClaim, VolumeMode, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';

import { readJson } from '#src/domain/json.ts';
import { maxQuantity } from '#src/domain/quantity.ts';
import { bytes, fitAnnotations, withoutControlPlane } from './claim-annotations.ts';

export interface SourceClaim {
  readonly storageClassName?: string;
  readonly volumeAttributesClassName?: string;
  /** The larger of the claim's request and its volume's capacity: `1Gi`. */
  readonly storage?: string;
  readonly accessModes?: AccessMode[];
  readonly volumeMode?: VolumeMode;
  readonly labels?: Record<string, string>;
  /** Without the annotations of the control plane. */
  readonly annotations?: Record<string, string>;
  /** Names of the omitted annotations, which were too large, as `inWords` prints them. */
  readonly leftOut?: string;
  /** Name of the PersistentVolume: with some drivers, deleting the volume also deletes its snapshots. */
  readonly volume?: string;
  /** The CSI driver's ID of the volume. Left out if the user may not read PersistentVolumes. */
  readonly volumeHandle?: string;
}

/**
 * Maximum size of the annotation in bytes. The API server accepts 256 KiB of annotations on an object; the session's
 * list of claims and annotations of other clients need room too.
 */
const mostBytes = 64 * 1024;

export function sourceClaimOf(claim: PersistentVolumeClaim, volumeHandle?: string): SourceClaim {
  const { accessModes, volumeMode, volumeName, volumeAttributesClassName } = claim.spec;
  const { labels, annotations = {} } = claim.metadata;
  const storageClassName = annotations[annotation.betaStorageClass] ?? claim.spec.storageClassName;
  const storage = maxQuantity(claim.spec.resources?.requests?.storage, claim.status?.capacity?.storage);
  const source = {
    ...(storageClassName !== undefined && { storageClassName }),
    ...(volumeAttributesClassName !== undefined &&
      volumeAttributesClassName !== '' && { volumeAttributesClassName }),
    ...(storage !== undefined && { storage }),
    ...(accessModes && { accessModes }),
    ...(volumeMode && { volumeMode }),
    ...(labels && { labels }),
    ...(volumeName !== undefined && { volume: volumeName }),
    ...(volumeHandle !== undefined && { volumeHandle }),
  };
  const { annotations: kept, leftOut } = fitAnnotations(
    withoutControlPlane(annotations),
    (fitted) => bytes(JSON.stringify({ ...source, ...remembered(fitted) })) <= mostBytes,
  );
  return { ...source, ...remembered({ annotations: kept, leftOut }) };
}

function remembered({
  annotations,
  leftOut,
}: ReturnType<typeof fitAnnotations>): Pick<SourceClaim, 'annotations' | 'leftOut'> {
  return {
    ...(Object.keys(annotations).length > 0 && { annotations }),
    ...(leftOut.length > 0 && { leftOut: inWords(leftOut) }),
  };
}

const mostNamed = 3;

/** `a, b and 3 more`. */
export function inWords(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return `${names.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Returns undefined if the annotation is missing or not a JSON object. */
export function readSourceClaim(snapshot: VolumeSnapshot): SourceClaim | undefined {
  const value = readJson(snapshot.metadata.annotations?.[annotation.sourceClaim]);
  return typeof value === 'object' && value !== null ? value : undefined;
}

/**
 * Returns the names of all claims of a session, from the annotations of the session or its snapshots. Undefined without
 * them.
 */
export function readSessionClaims(annotations: Record<string, string> | undefined): string[] | undefined {
  const value = readJson(annotations?.[annotation.sessionClaims]);
  return Array.isArray(value) && value.every((name) => typeof name === 'string') ? value : undefined;
}
