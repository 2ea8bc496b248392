/** Chooses the annotations of a claim that its snapshot records. */
import { annotation } from '#src/api/labels.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** On a claim: the node for which the driver provisions its volume. */
export const selectedNode = 'volume.kubernetes.io/selected-node';

/** On a claim: the driver that provisions its volume. There are two such annotations. */
export const provisionerAnnotations = [
  'volume.kubernetes.io/storage-provisioner',
  'volume.beta.kubernetes.io/storage-provisioner',
] as const;

/** Annotations of the control plane about the volume, and ours about a restore. A restored claim gets new ones. */
const ofControlPlane = new Set<string>([
  selectedNode,
  ...provisionerAnnotations,
  'volume.kubernetes.io/storage-resizer',
  // The storage class, from before `spec.storageClassName` existed.
  annotation.betaStorageClass,
  'control-plane.alpha.kubernetes.io/leader',
  annotation.restoreSessionUid,
]);

export function isOfControlPlane(name: string): boolean {
  return name.startsWith('pv.kubernetes.io/') || ofControlPlane.has(name);
}

/** Whether a template may not have the annotation. A template may name the class in one, like any new claim. */
export function isRefusedInTemplates(name: string): boolean {
  return isOfControlPlane(name) && name !== annotation.betaStorageClass;
}

export function withoutControlPlane(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => !isOfControlPlane(name)));
}

export interface FittedAnnotations {
  readonly annotations: Record<string, string>;
  /** Names of the omitted annotations, in the order in which they were omitted. */
  readonly leftOut: readonly string[];
}

/**
 * Omits as few annotations as `fits` requires: first kubectl's last-applied-configuration, which the next
 * `kubectl apply` writes again, then the largest ones.
 */
export function fitAnnotations(
  all: Readonly<Record<string, string>>,
  fits: (kept: FittedAnnotations) => boolean,
): FittedAnnotations {
  const bySize = Object.entries(all).sort(
    ([a, valueA], [b, valueB]) =>
      Number(b === lastApplied) - Number(a === lastApplied) || bytes(b + valueB) - bytes(a + valueA),
  );
  const without = (count: number): FittedAnnotations => {
    const leftOut = bySize.slice(0, count).map(([name]) => name);
    const dropped = new Set(leftOut);
    return {
      annotations: Object.fromEntries(Object.entries(all).filter(([name]) => !dropped.has(name))),
      leftOut,
    };
  };
  let least = 0;
  let enough = bySize.length;
  while (least < enough) {
    const count = Math.floor((least + enough) / 2);
    if (fits(without(count))) enough = count;
    else least = count + 1;
  }
  return without(enough);
}

/** Length in UTF-8 bytes, as the API server counts it. */
export function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
