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

/**
 * For example `patch backupsessions.stash.appscode.com/status`, followed by a name if the rule is limited to
 * one.
 */
export interface Permission {
  readonly words: string;
  /** The same without the name, as messages and RBAC write it. */
  readonly right: string;
  readonly rule: PolicyRule;
}

const installed = operatorManifests({
  ...{ namespace: 'kubectl-stash', image: '', replicas: 1, runSessions: 'in-jobs', version: 'v0.1.0' },
}).map(({ object }) => object as Role);

/** Returns the rules of a role that `install` creates. */
export function installedRules(kind: 'ClusterRole' | 'Role', name: string): readonly PolicyRule[] {
  const role = installed.find((each) => each.kind === kind && each.metadata.name === name);
  assert(role, `install makes no ${kind} ${name}`);
  return role.rules;
}

/** Returns one permission per verb and resource, and per name if the rule has names. */
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
            const [right = ''] = permissionsOf([rule]);
            return { right, words: name === undefined ? right : `${right} ${name}`, rule };
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

/** Returns the user of a service account in this namespace; the server adds the groups of all accounts. */
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

/** Grants the rules in one namespace, or in all. Resolves once the server applies them. */
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
  /** Wraps the cluster that our program gets. */
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

/** Returns a pattern for messages that name this missing right. */
export function naming(permission: string): RegExp {
  return new RegExp(`may not ${RegExp.escape(permission)}(?![/\\w])`);
}

/** Creates a class of the sandbox's driver whose snapshots never become ready. */
export async function makeNeverReadyClass({ cluster }: Server): Promise<string> {
  const built = snapshotClass('never-ready', driverName, { fault: 'never-ready' });
  const { metadata } = await cluster.create(volumeSnapshotClasses, built);
  return metadata.name;
}
