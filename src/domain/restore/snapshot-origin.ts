/** What is known of the volume that a snapshot was cut from. */
import type {
  PersistentVolumeClaim,
  Stored,
  VolumeMode,
  VolumeSnapshot,
  VolumeSnapshotClass,
  VolumeSnapshotContent,
} from '#src/api/kubernetes.ts';
import { readSourceClaim, sourceClaimOf, type SourceClaim } from '#src/domain/restore-points/source-claim.ts';

export interface SnapshotOrigin {
  /** The CSI driver; undefined if unknown. */
  readonly driver: string | undefined;
  /** Undefined if unknown. */
  readonly volumeMode: VolumeMode | undefined;
  /** Whether an administrator allows a claim of another volumeMode; undefined if unknown. */
  readonly mayChangeMode: boolean | undefined;
}

/** By the name of a VolumeSnapshotContent: the content; none that does not exist, or that the user may not read. */
export type Contents = ReadonlyMap<string, Stored<VolumeSnapshotContent>>;

/** What is known of a claim whose snapshot has no record of it. */
export interface ClaimRecord extends Pick<
  SourceClaim,
  'storageClassName' | 'accessModes' | 'volumeMode' | 'storage'
> {
  /** It comes from the claim, which still exists. */
  readonly present: boolean;
}

const permission = 'snapshot.storage.kubernetes.io/allow-volume-mode-change';

/** `classes` undefined if the user may not read them. */
export function originOf(
  snapshot: VolumeSnapshot,
  classes: readonly VolumeSnapshotClass[] | undefined,
  contents: Contents,
): SnapshotOrigin {
  const content = contentOf(snapshot, contents);
  const given = content?.metadata.annotations?.[permission];
  const ofClass = classes?.find(({ metadata }) => metadata.name === snapshot.spec.volumeSnapshotClassName);
  return {
    driver: content?.spec.driver ?? ofClass?.driver,
    volumeMode: content?.spec.sourceVolumeMode ?? readSourceClaim(snapshot)?.volumeMode,
    mayChangeMode: content && /^(?:1|t|T|true|TRUE|True)$/.test(given ?? ''),
  };
}

/**
 * A record of its claim for a snapshot that has none: the claim itself if it existed when the snapshot was cut, else
 * what the content tells. Undefined if nothing is known.
 */
export function recordFor(
  snapshot: Stored<VolumeSnapshot>,
  claims: readonly Stored<PersistentVolumeClaim>[],
  contents: Contents,
): ClaimRecord | undefined {
  const name = snapshot.spec.source.persistentVolumeClaimName;
  const claim = claims.find(
    ({ metadata }) =>
      metadata.name === name && metadata.creationTimestamp <= snapshot.metadata.creationTimestamp,
  );
  if (claim) {
    const { storageClassName, accessModes, volumeMode, storage } = sourceClaimOf(claim);
    return {
      present: true,
      ...(storageClassName !== undefined && { storageClassName }),
      ...(accessModes && { accessModes }),
      ...(volumeMode && { volumeMode }),
      ...(storage !== undefined && { storage }),
    };
  }
  const volumeMode = contentOf(snapshot, contents)?.spec.sourceVolumeMode;
  return volumeMode && { present: false, volumeMode };
}

function contentOf(
  { status }: VolumeSnapshot,
  contents: Contents,
): Stored<VolumeSnapshotContent> | undefined {
  return contents.get(status?.boundVolumeSnapshotContentName ?? '');
}
