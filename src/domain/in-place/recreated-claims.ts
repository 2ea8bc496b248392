/** The claims that take the place of deleted ones, filled from snapshots. */
import type { Named, PersistentVolumeClaim, Stored, StorageClass } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { isOfControlPlane, selectedNode } from '#src/domain/restore-points/claim-annotations.ts';
import { bindsLate } from '#src/domain/restore/storage-class.ts';

import { manifestOf } from './claim-manifest.ts';
import { nodeFor, stagedSize, type ClaimToStage } from './staged-claims.ts';

/** The claim as it is now, with its snapshot as its source. `classes` undefined: the user may not read them. */
export function recreatedTemplate(
  { claim, snapshot, pods }: ClaimToStage,
  classes: readonly Stored<StorageClass>[] | undefined,
): VolumeClaimTemplate {
  const { metadata, spec } = manifestOf(claim);
  const storage = stagedSize({ claim, snapshot });
  const { annotations: own = {}, ...rest } = metadata;
  const annotations = Object.fromEntries(
    Object.entries(own).filter(([name]) => name === annotation.betaStorageClass || !isOfControlPlane(name)),
  );
  const newSpec = {
    ...spec,
    ...(storage !== undefined && {
      resources: { ...spec.resources, requests: { ...spec.resources?.requests, storage } },
    }),
    dataSource: {
      apiGroup: 'snapshot.storage.k8s.io',
      kind: 'VolumeSnapshot',
      name: snapshot.metadata.name,
    },
  };
  delete newSpec.dataSourceRef;
  const template = { metadata: { ...rest, name: claim.metadata.name, annotations }, spec: newSpec };
  const mayWait = classes === undefined || bindsLate(template, classes);
  const node = mayWait ? nodeFor(claim, pods) : undefined;
  if (node === undefined) return template;
  return {
    ...template,
    metadata: { ...template.metadata, annotations: { ...annotations, [selectedNode]: node } },
  };
}

/** `sessionUid`: of the RestoreSession whose template it is. */
export function recreatedClaim(
  { metadata, spec }: VolumeClaimTemplate,
  namespace: string,
  sessionUid: string,
): Named<PersistentVolumeClaim> {
  const annotations = { ...metadata.annotations, [annotation.restoreSessionUid]: sessionUid };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { ...metadata, name: metadata.name ?? '', namespace, annotations },
    spec,
  };
}
