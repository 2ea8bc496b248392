/** Strips a claim of the fields that the control plane adds, and builds the same claim with another volume. */
import type { Named, PersistentVolumeClaim } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { selectedNode } from '#src/domain/restore-points/claim-annotations.ts';

import type { ClaimManifest } from './swapped-volume.ts';

export function manifestOf({ metadata, spec }: PersistentVolumeClaim): ClaimManifest {
  const { labels, annotations = {}, ownerReferences = [] } = metadata;
  const kept = Object.entries(annotations).filter(
    ([name]) => !name.startsWith('pv.kubernetes.io/') && name !== selectedNode,
  );
  // The owning pod is gone by then, so the garbage collector would delete the new claim.
  const owners = ownerReferences.filter(({ kind }) => kind !== 'Pod');
  const manifestSpec = { ...spec };
  delete manifestSpec.volumeName;
  return {
    metadata: {
      ...(labels && { labels }),
      ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }),
      ...(owners.length > 0 && { ownerReferences: owners }),
    },
    spec: manifestSpec,
  };
}

export interface NewClaim {
  readonly name: string;
  readonly namespace: string;
  /**
   * The PersistentVolume that is reserved for the claim. Left out if the driver fills a new volume from the claim's
   * source.
   */
  readonly volumeName?: string;
  /** UID of the RestoreSession. */
  readonly sessionUid: string;
}

export function claimFrom(
  { metadata, spec }: ClaimManifest,
  { name, namespace, volumeName, sessionUid }: NewClaim,
): Named<PersistentVolumeClaim> {
  const annotations = { ...metadata.annotations, [annotation.restoreSessionUid]: sessionUid };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { ...metadata, name, namespace, annotations },
    spec: { ...spec, ...(volumeName !== undefined && { volumeName }) },
  };
}
