/** Rules of a role, written by resource. */
import type { PolicyRule } from '#src/api/kubernetes.ts';
import { pods, type Resource } from '#src/api/resources.ts';
import { workloadResources } from '#src/domain/workload/kinds.ts';

/** `on(backupSessions, 'get', 'list')`; several resources are of one group. */
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

/** On every kind of workload, and on what stands between one and its pods; a rule for each group. */
export function onWorkloads(...verbs: string[]): PolicyRule[] {
  const byGroup = Map.groupBy(workloadResources, ({ group }) => group);
  return [...byGroup.values()].map((resources) => on(resources, ...verbs));
}

/**
 * Over WebSocket, exec is a GET, which servers before 1.35 judge as `get`; later ones ask for `create` as well.
 */
export const runsInPods: PolicyRule = onSub(pods, 'exec', 'get', 'create');
