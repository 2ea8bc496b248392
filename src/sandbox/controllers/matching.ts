/** Decides which volume a claim may bind to, for the volume controller and the scheduler. */
import type { LabelSelector, PersistentVolume, PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { parseQuantity } from '#src/sandbox/quantity.ts';

type Claim = Stored<PersistentVolumeClaim>;
type Volume = Stored<PersistentVolume>;

/** Returns true if the volume is bound to this claim, or reserved for a claim of this name. */
export function isReservedFor({ spec: { claimRef } }: PersistentVolume, { metadata }: Claim): boolean {
  if (claimRef?.name !== metadata.name || claimRef.namespace !== metadata.namespace) return false;
  return isReserved(claimRef) || claimRef.uid === metadata.uid;
}

/** Returns true if a claimRef reserves the volume for a claim that may not exist yet. */
export function isReserved({ uid }: NonNullable<PersistentVolume['spec']['claimRef']>): boolean {
  return uid === undefined || uid === '';
}

/**
 * Returns the volume that is reserved for the claim, else the smallest one that fits. `preBoundOnly`: leaves
 * the choice among unreserved volumes to the scheduler, which knows the node.
 */
export function findMatch(
  claim: Claim,
  volumes: readonly Volume[],
  { preBoundOnly }: { readonly preBoundOnly: boolean },
): Volume | undefined {
  const able = volumes.filter((volume) => fits(volume, claim));
  // The volumes with the fewest access modes come first, even before one that is reserved for the claim.
  const widths = [...new Set(able.map(modesOf))].sort((a, b) => a - b);
  for (const width of widths) {
    const candidates = able.filter((volume) => modesOf(volume) === width);
    const found =
      candidates.find((volume) => isReservedFor(volume, claim)) ??
      (preBoundOnly ? undefined : smallest(candidates.filter((volume) => isFree(volume, claim))));
    if (found) return found;
  }
  return undefined;
}

/** Returns why the claim cannot bind to the free volume that it names, or undefined if it can. */
export function misfitOf(volume: Volume, claim: Claim): string | undefined {
  if (volume.metadata.deletionTimestamp !== undefined)
    return `the volume is marked for deletion ${JSON.stringify(volume.metadata.name)}`;
  if (sizeOf(volume) < requestOf(claim)) return 'requested PV is too small';
  if (classOf(volume) !== classOf(claim)) return 'storageClassName does not match';
  if (attributesOf(volume) !== attributesOf(claim)) return 'volumeAttributesClassName does not match';
  if (modeOf(volume) !== modeOf(claim)) return 'incompatible volumeMode';
  if (!hasModes(volume, claim)) return 'incompatible accessMode';
  return undefined;
}

export function modeOf({ spec }: Claim | Volume): string {
  return spec.volumeMode ?? 'Filesystem';
}

/** Returns true if the volume fits the claim, apart from their storage classes. */
function fits(volume: Volume, claim: Claim): boolean {
  return (
    (volume.spec.claimRef === undefined || isReservedFor(volume, claim)) &&
    sizeOf(volume) >= requestOf(claim) &&
    modeOf(volume) === modeOf(claim) &&
    attributesOf(volume) === attributesOf(claim) &&
    volume.metadata.deletionTimestamp === undefined &&
    hasModes(volume, claim)
  );
}

function isFree(volume: Volume, claim: Claim): boolean {
  return (
    volume.status?.phase === 'Available' &&
    classOf(volume) === classOf(claim) &&
    selects(claim.spec.selector, volume.metadata.labels ?? {})
  );
}

function smallest(volumes: readonly Volume[]): Volume | undefined {
  return volumes.toSorted((a, b) => sizeOf(a) - sizeOf(b))[0];
}

function hasModes({ spec: { accessModes = [] } }: Volume, { spec }: Claim): boolean {
  return (spec.accessModes ?? []).every((mode) => accessModes.includes(mode));
}

function modesOf({ spec }: Volume): number {
  return spec.accessModes?.length ?? 0;
}

function sizeOf({ spec }: Volume): number {
  return parseQuantity(spec.capacity?.storage) ?? 0;
}

function requestOf({ spec }: Claim): number {
  return parseQuantity(spec.resources?.requests?.storage) ?? 0;
}

function classOf({ spec }: Claim | Volume): string {
  return spec.storageClassName ?? '';
}

function attributesOf({ spec }: Claim | Volume): string {
  return spec.volumeAttributesClassName ?? '';
}

function selects(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector = {},
  labels: Readonly<Record<string, string>>,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
      }
    })
  );
}
