/** All objects of the operator, in the order in which they are created. */
import type { KubernetesObject, Named } from '#src/api/kubernetes.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  deployments,
  namespaces,
  networkPolicies,
  podDisruptionBudgets,
  roleBindings,
  roles,
  serviceAccounts,
  type Resource,
} from '#src/api/resources.ts';

import { buildAccount, buildClassesBinding, buildLeaseBinding, buildOperatorBindings } from './bindings.ts';
import { buildDeployment } from './deployment.ts';
import { buildDisruptionBudget } from './disruption-budget.ts';
import { buildClassesRole, buildRestorerRole, buildSnapshotterRole, buildTriggerRole } from './job-roles.ts';
import { buildNamespace } from './namespace.ts';
import { buildNetworkPolicy } from './network-policy.ts';
import { buildLeaseRole, buildOperatorRole } from './operator-role.ts';
import type { InstallOptions, Manifest } from './options.ts';

/** Without the CustomResourceDefinitions, which are created first. */
export function operatorManifests(options: InstallOptions): Manifest[] {
  return [
    manifest(namespaces, buildNamespace(options)),
    manifest(serviceAccounts, buildAccount(options)),
    manifest(clusterRoles, buildOperatorRole(options)),
    manifest(clusterRoles, buildTriggerRole(options)),
    manifest(clusterRoles, buildSnapshotterRole(options)),
    manifest(clusterRoles, buildRestorerRole(options)),
    manifest(clusterRoles, buildClassesRole(options)),
    ...buildOperatorBindings(options).map((binding) => manifest(clusterRoleBindings, binding)),
    manifest(clusterRoleBindings, buildClassesBinding(options)),
    manifest(roles, buildLeaseRole(options)),
    manifest(roleBindings, buildLeaseBinding(options)),
    manifest(podDisruptionBudgets, buildDisruptionBudget(options)),
    manifest(networkPolicies, buildNetworkPolicy(options)),
    manifest(deployments, buildDeployment(options)),
  ];
}

function manifest<T extends KubernetesObject>(resource: Resource<T>, object: Named<T>): Manifest {
  return { resource, object };
}
