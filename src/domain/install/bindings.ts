/** The operator's account, and what it is bound to. */
import type { KubernetesObject, Named, RoleBinding, ServiceAccount } from '#src/api/kubernetes.ts';
import { clusterRole, operatorName } from '#src/api/operator.ts';

import { objectLabels, type InstallOptions } from './options.ts';

const rbac = 'rbac.authorization.k8s.io';

export function buildAccount(options: InstallOptions): Named<ServiceAccount> {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: operatorName, namespace: options.namespace, labels: objectLabels(options) },
  };
}

export function buildLeaseBinding(options: InstallOptions): Named<RoleBinding> {
  return {
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata: { name: operatorName, namespace: options.namespace, labels: objectLabels(options) },
    roleRef: { apiGroup: rbac, kind: 'Role', name: operatorName },
    subjects: subjects(options),
  };
}

/** In-process, the operator does in every namespace what otherwise a Job does in its own. */
export function buildOperatorBindings(options: InstallOptions): Named<RoleBinding>[] {
  const carriesOut = [clusterRole.snapshotter, clusterRole.restorer].map((role) => ({
    name: inProcessBinding(role),
    role,
  }));
  return [
    { name: clusterRole.operator, role: clusterRole.operator },
    ...(options.runSessions === 'in-process' ? carriesOut : []),
  ].map(({ name, role }) => clusterBinding(name, role, subjects(options), options));
}

/** They stand only where sessions are carried out in-process. */
export const inProcessBindings: readonly string[] = [clusterRole.snapshotter, clusterRole.restorer].map(
  inProcessBinding,
);

function inProcessBinding(role: string): string {
  return `${role}-in-process`;
}

export function buildClassesBinding(options: InstallOptions): Named<RoleBinding> {
  const everyAccount = { kind: 'Group', apiGroup: rbac, name: 'system:serviceaccounts' } as const;
  return clusterBinding(clusterRole.snapshotClasses, clusterRole.snapshotClasses, [everyAccount], options);
}

/** Where the operator runs that `binding`, the ClusterRoleBinding of its name, is for. */
export function operatorHome(binding: KubernetesObject): string | undefined {
  const { subjects = [] } = binding as RoleBinding;
  return subjects.find(({ kind, name }) => kind === 'ServiceAccount' && name === operatorName)?.namespace;
}

function subjects({ namespace }: InstallOptions): NonNullable<RoleBinding['subjects']> {
  return [{ kind: 'ServiceAccount', name: operatorName, namespace }];
}

function clusterBinding(
  name: string,
  role: string,
  subjects: NonNullable<RoleBinding['subjects']>,
  options: InstallOptions,
): Named<RoleBinding> {
  return {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name, labels: objectLabels(options) },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
    subjects,
  };
}
