/** How large a volume is. */
import type { PersistentVolume } from '#src/api/kubernetes.ts';
import { parseQuantity } from '#src/domain/quantity.ts';

/** Bytes; 0 if its capacity is malformed or left out. */
export function volumeSize({ spec }: PersistentVolume): bigint {
  return parseQuantity(spec.capacity?.storage ?? '') ?? 0n;
}
