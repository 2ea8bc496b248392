/** Builds the temporary claims whose volumes replace the present volumes. */
import type {
  PersistentVolumeClaim,
  Pod,
  Stored,
  StorageClass,
  VolumeSnapshot,
} from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { maxQuantity } from '#src/domain/quantity.ts';
import { selectedNode } from '#src/domain/restore-points/claim-annotations.ts';
import { snapshotSource } from '#src/domain/restore/snapshot-source.ts';
import { bindsLate } from '#src/domain/restore/storage-class.ts';
import { fingerprint, shorten } from '#src/domain/workload/names.ts';

export interface ClaimToStage {
  /** The live claim. */
  readonly claim: Stored<PersistentVolumeClaim>;
  readonly snapshot: Stored<VolumeSnapshot>;
  /** The pods that use the claim. */
  readonly pods: readonly Stored<Pod>[];
}

const nameLimit = 253;

/** With these, a GitOps tool that finds a temporary claim does not consider it its own, and does not prune it. */
export const leftAlone = {
  'argocd.argoproj.io/compare-options': 'IgnoreExtraneous',
  'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
  'kustomize.toolkit.fluxcd.io/prune': 'disabled',
};

/** Returns `<claim>-stash-<six hex digits>`. The names of two sessions differ. */
export function stagedName(claim: string, session: string): string {
  const suffix = `-stash-${fingerprint(session).slice(0, 6)}`;
  return `${shorten(claim, nameLimit - suffix.length)}${suffix}`;
}

/**
 * Returns the claim as it is now, filled from the snapshot. `session` is the name of the RestoreSession. If the claim
 * names the node, a class with WaitForFirstConsumer provisions the volume at once.
 */
export function stagedTemplate(
  { claim, snapshot, pods }: ClaimToStage,
  session: string,
  /** Undefined if the user may not read storage classes. */
  classes: readonly Stored<StorageClass>[] | undefined,
): VolumeClaimTemplate {
  const { accessModes, volumeMode, volumeAttributesClassName } = claim.spec;
  const storageClassName = classNameOf(claim);
  const storage = stagedSize({ claim, snapshot });
  const template: VolumeClaimTemplate = {
    metadata: { name: stagedName(claim.metadata.name, session), annotations: { ...leftAlone } },
    spec: {
      ...(accessModes && { accessModes }),
      ...(storageClassName !== undefined && { storageClassName }),
      ...(volumeMode && { volumeMode }),
      ...(volumeAttributesClassName && { volumeAttributesClassName }),
      ...(storage !== undefined && { resources: { requests: { storage } } }),
      dataSource: snapshotSource(snapshot.metadata.name),
    },
  };
  return onItsNode(template, { claim, pods }, classes);
}

/** Returns the template with the node of the claim's pods, if the class may wait for the first consumer. */
export function onItsNode(
  template: VolumeClaimTemplate,
  { claim, pods }: Pick<ClaimToStage, 'claim' | 'pods'>,
  classes: readonly Stored<StorageClass>[] | undefined,
): VolumeClaimTemplate {
  const mayWait = classes === undefined || bindsLate(template, classes);
  const node = mayWait ? nodeFor(claim, pods) : undefined;
  if (node === undefined) return template;
  const annotations = { ...template.metadata.annotations, [selectedNode]: node };
  return { ...template, metadata: { ...template.metadata, annotations } };
}

/** Returns the class that the claim names in its spec or in the older annotation. */
export function classNameOf({ metadata, spec }: PersistentVolumeClaim): string | undefined {
  return metadata.annotations?.[annotation.betaStorageClass] ?? spec.storageClassName;
}

/** Returns the size of the new volume: at least that of the claim, its volume and the snapshot. */
export function stagedSize({
  claim,
  snapshot,
}: Pick<ClaimToStage, 'claim' | 'snapshot'>): string | undefined {
  const present = maxQuantity(claim.spec.resources?.requests?.storage, claim.status?.capacity?.storage);
  return maxQuantity(present, snapshot.status?.restoreSize);
}

/** Returns the node of a pod that uses the claim, else the node for which its present volume was provisioned. */
export function nodeFor({ metadata }: PersistentVolumeClaim, pods: readonly Pod[]): string | undefined {
  const [node] = pods.flatMap(({ spec }) => spec.nodeName ?? []);
  return node ?? metadata.annotations?.[selectedNode];
}
