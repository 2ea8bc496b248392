/** What a snapshot remembers of its claim, so that the claim can be made again when it is gone. */
import type { AccessMode, PersistentVolumeClaim, VolumeMode, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';

import { readJson } from '#src/domain/json.ts';
import { maxQuantity } from '#src/domain/quantity.ts';
import { bytes, fitAnnotations, isOfControlPlane } from './claim-annotations.ts';

export interface SourceClaim {
  readonly storageClassName?: string;
  readonly volumeAttributesClassName?: string;
  /** The claim's request, or its volume's capacity where that is larger: `1Gi`. */
  readonly storage?: string;
  readonly accessModes?: AccessMode[];
  readonly volumeMode?: VolumeMode;
  readonly labels?: Record<string, string>;
  /** Without those of the control plane. */
  readonly annotations?: Record<string, string>;
  /** In words: the annotations that were too large to be kept. */
  readonly leftOut?: string;
  /** Name of the PersistentVolume: on some drivers a snapshot goes with its volume. */
  readonly volume?: string;
  /** What the CSI driver calls it; left out where volumes could not be read. */
  readonly volumeHandle?: string;
}

/**
 * Bytes of the annotation at most. The API server takes 256 KiB of annotations on an object; the session's list of
 * claims, and what others write on a snapshot, need room too.
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
  const own = Object.fromEntries(Object.entries(annotations).filter(([name]) => !isOfControlPlane(name)));
  const { annotations: kept, leftOut } = fitAnnotations(
    own,
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

/** Undefined where a snapshot carries none, or one that is not ours to read. */
export function readSourceClaim(snapshot: VolumeSnapshot): SourceClaim | undefined {
  const value = readJson(snapshot.metadata.annotations?.[annotation.sourceClaim]);
  return typeof value === 'object' && value !== null ? value : undefined;
}

/** Names of all claims of the session that took a snapshot; undefined where it does not say. */
export function readSessionClaims(annotations: Record<string, string> | undefined): string[] | undefined {
  const value = readJson(annotations?.[annotation.sessionClaims]);
  return Array.isArray(value) && value.every((name) => typeof name === 'string') ? value : undefined;
}
