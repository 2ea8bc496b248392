/** Builds the templates of claims that replace deleted claims, filled from snapshots. */
import type { Stored, StorageClass } from '#src/api/kubernetes.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { isRefusedInTemplates } from '#src/domain/restore-points/claim-annotations.ts';
import { snapshotSource } from '#src/domain/restore/snapshot-source.ts';

import { manifestOf } from './claim-manifest.ts';
import { onItsNode, stagedSize, type ClaimToStage } from './staged-claims.ts';

/**
 * Returns the claim as it is now, with the snapshot as its source. `classes` is undefined if the user may not read
 * them.
 */
export function recreatedTemplate(
  { claim, snapshot, pods }: ClaimToStage,
  classes: readonly Stored<StorageClass>[] | undefined,
): VolumeClaimTemplate {
  const { metadata, spec } = manifestOf(claim);
  const storage = stagedSize({ claim, snapshot });
  const { annotations: own = {}, ...rest } = metadata;
  const annotations = Object.fromEntries(Object.entries(own).filter(([name]) => !isRefusedInTemplates(name)));
  const newSpec = {
    ...spec,
    ...(storage !== undefined && {
      resources: { ...spec.resources, requests: { ...spec.resources?.requests, storage } },
    }),
    dataSource: snapshotSource(snapshot.metadata.name),
  };
  delete newSpec.dataSourceRef;
  const template = { metadata: { ...rest, name: claim.metadata.name, annotations }, spec: newSpec };
  return onItsNode(template, { claim, pods }, classes);
}
