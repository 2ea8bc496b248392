/** Builds all objects of the operator, in the order in which `install` creates them. */
import type { KubernetesObject, Named, Role } from '#src/api/kubernetes.ts';
import { watchedRole } from '#src/api/operator.ts';
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

/** Leaves out the CustomResourceDefinitions, which `install` creates first. */
export function operatorManifests(options: InstallOptions): Manifest[] {
  return [
    manifest(namespaces, buildNamespace(options)),
    manifest(serviceAccounts, buildAccount(options)),
    ...rolesInNamespaces(options),
    manifest(clusterRoles, buildClassesRole(options)),
    ...buildOperatorBindings(options).map((binding) =>
      manifest(binding.kind === 'RoleBinding' ? roleBindings : clusterRoleBindings, binding),
    ),
    manifest(clusterRoleBindings, buildClassesBinding(options)),
    manifest(roles, buildLeaseRole(options)),
    manifest(roleBindings, buildLeaseBinding(options)),
    manifest(podDisruptionBudgets, buildDisruptionBudget(options)),
    manifest(networkPolicies, buildNetworkPolicy(options)),
    manifest(deployments, buildDeployment(options)),
  ];
}

/** ClusterRoles, or Roles in the namespaces that the operator watches. */
function rolesInNamespaces(options: InstallOptions): Manifest[] {
  const operator = buildOperatorRole(options);
  const ofJobs = [buildTriggerRole, buildSnapshotterRole, buildRestorerRole].map((build) => build(options));
  const { watchNamespaces } = options;
  if (watchNamespaces === undefined) return [operator, ...ofJobs].map((role) => manifest(clusterRoles, role));
  const watched = { ...operator, metadata: { ...operator.metadata, name: watchedRole } };
  return watchNamespaces.flatMap((namespace) =>
    [watched, ...ofJobs].map((role) => manifest(roles, roleIn(namespace, role))),
  );
}

function roleIn(namespace: string, role: Named<Role>): Named<Role> {
  return { ...role, kind: 'Role', metadata: { ...role.metadata, namespace } };
}

function manifest<T extends KubernetesObject>(resource: Resource<T>, object: Named<T>): Manifest {
  return { resource, object };
}
