/** Volumes whose data is on the disks of some nodes: the labels that they require of a node name neither zone nor region. */
import type { NodeRequirement, PersistentVolume } from '#src/api/kubernetes.ts';

export function isNodeLocal(volume: PersistentVolume): boolean {
  return localRequirements(volume).length > 0;
}

/** The values of node labels that it requires; none if it requires others as well. */
export function localRequirements({ spec }: PersistentVolume): NodeRequirement[] {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const required = terms.map(({ matchExpressions = [] }) => matchExpressions.filter(isOfNode));
  return required.length > 0 && required.every((each) => each.length > 0) ? required.flat() : [];
}

function isOfNode({ key, operator, values = [] }: NodeRequirement): boolean {
  return operator === 'In' && values.length > 0 && !/zone|region/.test(key);
}
