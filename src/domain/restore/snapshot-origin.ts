/** Finds out about the volume that a snapshot was cut from. */
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
  /** The CSI driver. Undefined if not known. */
  readonly driver: string | undefined;
  /** Undefined if not known. */
  readonly volumeMode: VolumeMode | undefined;
  /** Whether an administrator allows a claim of another volumeMode. Undefined if not known. */
  readonly mayChangeMode: boolean | undefined;
}

/** VolumeSnapshotContents by name. Leaves out contents that do not exist, or that the user may not read. */
export type Contents = ReadonlyMap<string, Stored<VolumeSnapshotContent>>;

/** What is known about a claim that its snapshot does not record. */
export interface ClaimRecord extends Pick<
  SourceClaim,
  'storageClassName' | 'accessModes' | 'volumeMode' | 'storage'
> {
  /** The record comes from the claim, which still exists. */
  readonly present: boolean;
}

const permission = 'snapshot.storage.kubernetes.io/allow-volume-mode-change';

/** `classes` is undefined if the user may not read them. */
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
 * Returns a record of the claim for a snapshot without one: from the claim itself if it existed when the snapshot was
 * cut, else from the content. Undefined if nothing is known.
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
