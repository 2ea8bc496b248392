/** Rules of a role, written by resource. */
import type { PolicyRule } from '#src/api/kubernetes.ts';
import {
  daemonSets,
  deployments,
  pods,
  replicaSets,
  replicationControllers,
  statefulSets,
  type Resource,
} from '#src/api/resources.ts';

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

/** Those targets that are no claims. */
export function onWorkloads(...verbs: string[]): PolicyRule[] {
  return [
    on([deployments, statefulSets, daemonSets, replicaSets], ...verbs),
    on(replicationControllers, ...verbs),
  ];
}

/**
 * Over WebSocket, exec is a GET, which servers before 1.35 judge as `get`; later ones ask for `create` as well.
 */
export const runsInPods: PolicyRule = onSub(pods, 'exec', 'get', 'create');
