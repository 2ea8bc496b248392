/** Finds why no driver would provision the new volumes, or not at once. */
import type { StorageClass, Stored } from '#src/api/kubernetes.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { failure, type Failure } from '#src/domain/finding.ts';
import { unfitTemplates } from '#src/domain/restore/check-provisioning.ts';
import type { SnapshotOrigin } from '#src/domain/restore/snapshot-origin.ts';
import { bindsLate, missingStorageClasses } from '#src/domain/restore/storage-class.ts';

import { nodeFor, type ClaimToStage } from './staged-claims.ts';

export interface StagedClaim extends ClaimToStage {
  readonly template: VolumeClaimTemplate;
}

export interface StagingScene {
  /** Undefined if the user may not read storage classes. */
  readonly classes: readonly Stored<StorageClass>[] | undefined;
  /** By the name of the snapshot. */
  readonly origins: ReadonlyMap<string, SnapshotOrigin>;
  /** The command that restores beside the present claims. */
  readonly beside: string;
}

export function checkStaged(
  staged: readonly StagedClaim[],
  { classes, origins, beside }: StagingScene,
): Failure[] {
  const templates = templatesByClaim(staged);
  const hint = ['beside it, with another class:', beside, 'kubectl get storageclass'].join('\n');
  const unfit = [
    ...(classes ? missingStorageClasses(templates, classes, false) : []),
    ...unfitTemplates(templates, { classes, origins, words: undefined }),
  ];
  return [...unfit.map((each) => ({ ...each, hint })), ...(classes ? placeless(staged, classes) : [])];
}

/** Returns the templates with the names of the live claims: the user does not know the temporary names. */
export function templatesByClaim(staged: readonly StagedClaim[]): VolumeClaimTemplate[] {
  return staged.map(({ claim, template }) => ({
    ...template,
    metadata: { ...template.metadata, name: claim.metadata.name },
  }));
}

/**
 * Refuses claims whose class waits for the first consumer, if neither a pod nor an annotation names a node for the new
 * volume.
 */
function placeless(staged: readonly StagedClaim[], classes: readonly Stored<StorageClass>[]): Failure[] {
  return staged
    .filter(({ template }) => bindsLate(template, classes))
    .filter(({ claim, pods }) => nodeFor(claim, pods) === undefined)
    .map(({ claim }) => {
      const why = `claim ${claim.metadata.name} gets its volume on the node of its pod, and no pod uses it`;
      return failure('precondition', `cannot restore in place: ${why}`, {
        hint: 'start one replica of the workload, and run the same command again',
      });
    });
}
