/** Builds the rules of a role. */
import type { PolicyRule } from '#src/api/kubernetes.ts';
import { pods, type Resource } from '#src/api/resources.ts';
import { workloadResources } from '#src/domain/workload/kinds.ts';

/** `on(backupSessions, 'get', 'list')`. Several resources must be of the same API group. */
export function on(resources: Resource | readonly Resource[], ...verbs: string[]): PolicyRule {
  const all = [resources].flat();
  return {
    apiGroups: [...new Set(all.map(({ group }) => group))],
    resources: all.map(({ plural }) => plural),
    verbs,
  };
}

export function onSub({ group, plural }: Resource, subresource: string, ...verbs: string[]): PolicyRule {
  return { apiGroups: [group], resources: [`${plural}/${subresource}`], verbs };
}

/**
 * Returns rules on all kinds of workloads and on the objects between a workload and its pods, one for each API group.
 */
export function onWorkloads(...verbs: string[]): PolicyRule[] {
  const byGroup = Map.groupBy(workloadResources, ({ group }) => group);
  return [...byGroup.values()].map((resources) => on(resources, ...verbs));
}

/**
 * Exec over WebSocket is a GET request: API servers before 1.35 require `get`, later ones also `create`.
 */
export const runsInPods: PolicyRule = onSub(pods, 'exec', 'get', 'create');
