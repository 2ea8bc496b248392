/** The temporary claims whose volumes take the place of the present ones. */
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

/** Annotations that keep Argo CD and Flux from pruning a temporary claim that they find. */
export const leftAlone = {
  'argocd.argoproj.io/compare-options': 'IgnoreExtraneous',
  'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
  'kustomize.toolkit.fluxcd.io/prune': 'disabled',
};

/** `<claim>-stash-<six hex digits>`; the digits of two sessions differ. */
export function stagedName(claim: string, session: string): string {
  const suffix = `-stash-${fingerprint(session).slice(0, 6)}`;
  return `${shorten(claim, nameLimit - suffix.length)}${suffix}`;
}

/**
 * The claim as it is now, filled from the snapshot. `session`: the name of the RestoreSession. A class that waits for a pod
 * makes the volume at once if the claim names the node.
 */
export function stagedTemplate(
  { claim, snapshot, pods }: ClaimToStage,
  session: string,
  /** Undefined if the user may not read them. */
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

/** The template with the node of the claim's pods, if its class may wait for a pod. */
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

/** The class by either of the two forms in which a claim may name it. */
export function classNameOf({ metadata, spec }: PersistentVolumeClaim): string | undefined {
  return metadata.annotations?.[annotation.betaStorageClass] ?? spec.storageClassName;
}

/** At least as large as the claim, its volume and the snapshot. */
export function stagedSize({
  claim,
  snapshot,
}: Pick<ClaimToStage, 'claim' | 'snapshot'>): string | undefined {
  const present = maxQuantity(claim.spec.resources?.requests?.storage, claim.status?.capacity?.storage);
  return maxQuantity(present, snapshot.status?.restoreSize);
}

/** The node of a pod that uses the claim, else the one that its present volume was made for. */
export function nodeFor({ metadata }: PersistentVolumeClaim, pods: readonly Pod[]): string | undefined {
  const [node] = pods.flatMap(({ spec }) => spec.nodeName ?? []);
  return node ?? metadata.annotations?.[selectedNode];
}
