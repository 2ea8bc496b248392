/** Which of a claim's annotations are worth keeping, and how many of them there is room for. */
import { annotation } from '#src/api/labels.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** What the control plane writes on a claim about its volume, and we about its restore: a new claim gets its own. */
const ofControlPlane = new Set([
  'volume.kubernetes.io/selected-node',
  'volume.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/storage-resizer',
  'volume.beta.kubernetes.io/storage-provisioner',
  // The class, as it was written before it became a field.
  annotation.betaStorageClass,
  'control-plane.alpha.kubernetes.io/leader',
  annotation.restoreSessionUid,
]);

export function isOfControlPlane(name: string): boolean {
  return name.startsWith('pv.kubernetes.io/') || ofControlPlane.has(name);
}

export interface FittedAnnotations {
  readonly annotations: Record<string, string>;
  /** Names of those for which there is no room, the first to go first. */
  readonly leftOut: readonly string[];
}

/**
 * Leaves out what kubectl applied last (the next `kubectl apply` writes it again), then the largest, until `fits`: no
 * more than it takes.
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

/** In UTF-8, as the API server counts them. */
export function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
