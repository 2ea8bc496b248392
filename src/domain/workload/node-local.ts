/**
 * Recognizes volumes whose data is on the disks of certain nodes: their node affinity names labels other than zone and
 * region.
 */
import type { NodeRequirement, PersistentVolume } from '#src/api/kubernetes.ts';

export function isNodeLocal(volume: PersistentVolume): boolean {
  return localRequirements(volume).length > 0;
}

/**
 * Returns the label values that the volume requires of a node. None if its node affinity has other requirements as
 * well.
 */
export function localRequirements({ spec }: PersistentVolume): NodeRequirement[] {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const required = terms.map(({ matchExpressions = [] }) => matchExpressions.filter(isOfNode));
  return required.length > 0 && required.every((each) => each.length > 0) ? required.flat() : [];
}

function isOfNode({ key, operator, values = [] }: NodeRequirement): boolean {
  return operator === 'In' && values.length > 0 && !/zone|region/.test(key);
}
