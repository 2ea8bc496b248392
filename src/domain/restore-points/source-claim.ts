/** What a snapshot remembers of its claim, so that the claim can be made again when it is gone. */
import type { AccessMode, PersistentVolumeClaim, VolumeMode, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';

import { readJson } from '#src/domain/json.ts';

export interface SourceClaim {
  readonly storageClassName?: string;
  /** The claim's request, or its volume's capacity where that is larger: `1Gi`. */
  readonly storage?: string;
  readonly accessModes?: AccessMode[];
  readonly volumeMode?: VolumeMode;
  readonly labels?: Record<string, string>;
}

export function sourceClaimOf(claim: PersistentVolumeClaim): SourceClaim {
  const { storageClassName, accessModes, volumeMode } = claim.spec;
  const storage = claim.status?.capacity?.storage ?? claim.spec.resources?.requests?.storage;
  const { labels } = claim.metadata;
  return {
    ...(storageClassName !== undefined && { storageClassName }),
    ...(storage !== undefined && { storage }),
    ...(accessModes && { accessModes }),
    ...(volumeMode && { volumeMode }),
    ...(labels && { labels }),
  };
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
