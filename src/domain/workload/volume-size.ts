/** Reads the size of a volume. */
import type { PersistentVolume } from '#src/api/kubernetes.ts';
import { parseQuantity } from '#src/domain/quantity.ts';

/** Returns bytes. 0 if the capacity is malformed or left out. */
export function volumeSize({ spec }: PersistentVolume): bigint {
  return parseQuantity(spec.capacity?.storage ?? '') ?? 0n;
}
