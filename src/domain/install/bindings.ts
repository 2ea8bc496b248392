/** Builds the operator's ServiceAccount and its bindings. */
import type { Named, RoleBinding, ServiceAccount } from '#src/api/kubernetes.ts';
import { clusterRole, operatorName, watchedRole } from '#src/api/operator.ts';

import { objectLabels, type InstallOptions } from './options.ts';
import { isOurs, ownRelease, type HelmRelease } from './ownership.ts';

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

/**
 * Grants the operator's rights in all namespaces, or in each namespace that it watches. With `in-process`, the operator
 * also needs the rights of the Jobs there.
 */
export function buildOperatorBindings(options: InstallOptions): Named<RoleBinding>[] {
  const { runSessions, watchNamespaces } = options;
  const carriesOut = [clusterRole.snapshotter, clusterRole.restorer].map((role) => ({
    name: inProcessBinding(role),
    role,
  }));
  return [operatorsOwn(watchNamespaces), ...(runSessions === 'in-process' ? carriesOut : [])].flatMap(
    ({ name, role }) => {
      const everywhere = clusterBinding(name, role, subjects(options), options);
      return watchNamespaces?.map((namespace) => bindingIn(namespace, everywhere)) ?? [everywhere];
    },
  );
}

function operatorsOwn(watchNamespaces: readonly string[] | undefined) {
  const name = watchNamespaces === undefined ? clusterRole.operator : watchedRole;
  return { name, role: name };
}

function bindingIn(
  namespace: string,
  { metadata, roleRef, ...binding }: Named<RoleBinding>,
): Named<RoleBinding> {
  return {
    ...binding,
    kind: 'RoleBinding',
    metadata: { ...metadata, namespace },
    roleRef: { ...roleRef, kind: 'Role' },
  };
}

function inProcessBinding(role: string): string {
  return `${role}-in-process`;
}

/**
 * Grants the right to list classes to all ServiceAccounts, or to the operator and the ServiceAccounts of the namespaces
 * that it watches.
 */
export function buildClassesBinding(options: InstallOptions): Named<RoleBinding> {
  const accounts = options.watchNamespaces?.map((namespace) => accountsOf(namespace));
  const granted = accounts === undefined ? [accountsOf()] : [...subjects(options), ...accounts];
  return clusterBinding(clusterRole.snapshotClasses, clusterRole.snapshotClasses, granted, options);
}

const allAccounts = 'system:serviceaccounts';

function accountsOf(namespace?: string): NonNullable<RoleBinding['subjects']>[number] {
  const name = namespace === undefined ? allAccounts : `${allAccounts}:${namespace}`;
  return { kind: 'Group', apiGroup: rbac, name };
}

/** An installation, as its ClusterRoleBindings describe it. */
export interface Installation {
  readonly home: string;
  /** Undefined if the operator watches all namespaces. */
  readonly watchNamespaces: readonly string[] | undefined;
  /** Left out if `install` manages the installation, or a tool that applies the output of `install`. */
  readonly release?: HelmRelease;
}

/**
 * `operator` and `classes` are the ClusterRoleBindings of these names, if they exist. Returns undefined if no operator
 * is installed.
 */
export function installationOf(
  operator: RoleBinding | undefined,
  classes: RoleBinding | undefined,
): Installation | undefined {
  const everywhere = operator && homeIn(operator);
  if (everywhere) return { ...everywhere, watchNamespaces: undefined };
  const some = classes && homeIn(classes);
  if (!some) return undefined;
  const prefix = `${allAccounts}:`;
  const groups = (classes.subjects ?? []).filter(
    ({ kind, name }) => kind === 'Group' && name.startsWith(prefix),
  );
  return { ...some, watchNamespaces: groups.map(({ name }) => name.slice(prefix.length)) };
}

/** Undefined if the binding belongs to another installer, or binds another account than the operator's. */
function homeIn(binding: RoleBinding): Pick<Installation, 'home' | 'release'> | undefined {
  const release = ownRelease(binding);
  if (!isOurs(binding) && !release) return undefined;
  const account = binding.subjects?.find(
    ({ kind, name }) => kind === 'ServiceAccount' && name === operatorName,
  );
  const home = account?.namespace;
  return home === undefined ? undefined : { home, ...(release && { release }) };
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
