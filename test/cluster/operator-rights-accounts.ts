/** Service accounts with some of the installed rights, and our program run as one of them. */
import assert from 'node:assert/strict';

import type { Named, PolicyRule, Role, RoleBinding } from '#src/api/kubernetes.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  namespaces,
  roleBindings,
  roles,
  volumeSnapshotClasses,
} from '#src/api/resources.ts';
import { run } from '#src/cli/run.ts';
import { connect } from '#src/cluster/connect.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { commands } from '#src/commands/index.ts';
import { operatorManifests } from '#src/domain/install/manifests.ts';
import { driverName } from '#src/sandbox/storage/driver.ts';
import { untilGranted } from '#test/e2e/developer.ts';
import type { Identity } from '#test/e2e/plugin.ts';
import type { TestServer } from '#test/e2e/server.ts';
import { snapshotClass } from '#test/support/classes.ts';
import { testContext, type TestContext } from '#test/support/context.ts';
import { permissionsOf } from '#test/support/documented-rights.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

type Server = Pick<TestServer, 'cluster' | 'kubeconfig'>;

/** `patch backupsessions.stash.appscode.com/status`, or with a name at its end where the rule is for that one only. */
export interface Permission {
  readonly words: string;
  /** The same without the name, as messages and RBAC have it. */
  readonly deed: string;
  readonly rule: PolicyRule;
}

const installed = operatorManifests({
  ...{ namespace: 'kubectl-stash', image: '', replicas: 1, runSessions: 'in-jobs', version: 'v0.1.0' },
}).map(({ object }) => object as Role);

/** Of a role that `install` makes. */
export function installedRules(kind: 'ClusterRole' | 'Role', name: string): readonly PolicyRule[] {
  const role = installed.find((each) => each.kind === kind && each.metadata.name === name);
  assert(role, `install makes no ${kind} ${name}`);
  return role.rules;
}

/** Each verb of each resource, and of each name where the rule names some. */
export function permissionsIn(rules: readonly PolicyRule[]): Permission[] {
  return rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [undefined] }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) =>
          resourceNames.map((name) => {
            const rule = {
              ...{ apiGroups: [group], resources: [resource], verbs: [verb] },
              ...(name !== undefined && { resourceNames: [name] }),
            };
            const [deed = ''] = permissionsOf([rule]);
            return { deed, words: name === undefined ? deed : `${deed} ${name}`, rule };
          }),
        ),
      ),
    ),
  );
}

export function rulesWithout(rules: readonly PolicyRule[], permission: string): PolicyRule[] {
  const all = permissionsIn(rules);
  const left = all.filter(({ words }) => words !== permission);
  assert(left.length === all.length - 1, `no role has ${permission}`);
  return left.map(({ rule }) => rule);
}

/** As Kubernetes names an account of this namespace; the server adds the groups of all accounts. */
export function account(namespace: string, name: string): Identity & { readonly as: string } {
  return { as: `system:serviceaccount:${namespace}:${name}` };
}

export async function makeNamespace({ cluster }: Server): Promise<string> {
  const { metadata } = await cluster.create(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { generateName: 'rights-' },
  });
  return metadata.name;
}

/** Gives them in one namespace, or in all; resolves once the server knows. */
export async function grant(
  server: Server,
  { as }: Identity,
  rules: readonly PolicyRule[],
  where: { readonly namespace: string } | 'everywhere',
): Promise<void> {
  const name = as.replaceAll(':', '-');
  const rbac = 'rbac.authorization.k8s.io';
  const everywhere = where === 'everywhere';
  const metadata = { name, ...(!everywhere && where) };
  const kind = everywhere ? 'ClusterRole' : 'Role';
  const role: Named<Role> = { apiVersion: `${rbac}/v1`, kind, metadata, rules: [...rules] };
  const binding: Named<RoleBinding> = {
    apiVersion: `${rbac}/v1`,
    kind: `${kind}Binding`,
    metadata,
    roleRef: { apiGroup: rbac, kind, name },
    subjects: [{ kind: 'User', apiGroup: rbac, name: as }],
  };
  await server.cluster.create(everywhere ? clusterRoles : roles, role);
  await server.cluster.create(everywhere ? clusterRoleBindings : roleBindings, binding);
  await untilGranted(server, everywhere ? 'default' : where.namespace, { as }, rules);
}

export interface RunAs {
  readonly namespace: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** What our program is given in place of its cluster. */
  readonly seenAs?: (cluster: Cluster) => Cluster;
}

export interface RunningAs {
  readonly context: TestContext;
  readonly exit: Promise<number>;
}

/** `argv`: words separated by single spaces. */
export function beginAs(server: Server, identity: Identity, argv: string, options: RunAs): RunningAs {
  const { namespace, env = {}, signal, seenAs = (cluster: Cluster) => cluster } = options;
  const clock = scaledClock();
  const opened: Cluster[] = [];
  const context = testContext({
    ...{ clock, env },
    ...(signal && { signal }),
    cluster: async (flags) => {
      const { kubeconfig } = server;
      const found = await connect(
        { ...flags, ...identity, kubeconfig, namespace },
        {},
        { clock, version: 'rights' },
      );
      opened.push(found.cluster);
      return { ...found, cluster: seenAs(found.cluster) };
    },
  });
  const exit = run(argv.split(' '), context, commands).finally(() => {
    for (const cluster of opened) cluster.close();
  });
  return { context, exit };
}

/** How a message says that this right is missing. */
export function naming(permission: string): RegExp {
  return new RegExp(`may not ${RegExp.escape(permission)}(?![/\\w])`);
}

/** Of the sandbox's driver: what is cut by it never becomes ready. */
export async function makeNeverReadyClass({ cluster }: Server): Promise<string> {
  const built = snapshotClass('never-ready', driverName, { fault: 'never-ready' });
  const { metadata } = await cluster.create(volumeSnapshotClasses, built);
  return metadata.name;
}
