/** A sandbox, an operator that reconciles sessions, and BackupConfigurations that are Ready. */
import type { Stored } from '#src/api/kubernetes.ts';
import { allowed, label } from '#src/api/labels.ts';
import { imageRepository } from '#src/api/operator.ts';
import {
  backupConfigurations,
  backupSessions,
  clusterRoleBindings,
  clusterRoles,
  events,
  restoreSessions,
  serviceAccounts,
} from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import { buildClassesRole, buildRestorerRole, buildSnapshotterRole } from '#src/domain/install/job-roles.ts';
import { keepingAnnotations } from '#src/domain/restore-points/keeping.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { backupSessionReconciler } from '#src/operator/backup-session.ts';
import { restoreSessionReconciler } from '#src/operator/restore-session.ts';
import { appConfiguration } from '#test/session/app-objects.ts';
import { openStage, type Stage } from '#test/session/stage.ts';
import { ourProgram } from '#test/support/our-program.ts';
import { rbacGroup } from '#test/support/rbac.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { startOperator, type StartedOperator, type StartOptions } from './start.ts';

export interface SessionStage extends AsyncDisposable {
  readonly stage: Stage;
  /** The clock of the sandbox and the operators. */
  readonly clock: Clock;
  /** Starts an operator that reconciles sessions only. */
  operator(options?: Partial<StartOptions>): Promise<StartedOperator>;
  /** Creates a configuration for deployment `app` in this namespace; Ready by default. */
  configuration(
    namespace: string,
    spec?: Partial<BackupConfiguration['spec']>,
    status?: BackupConfiguration['status'] | null,
    name?: string,
  ): Promise<Stored<BackupConfiguration>>;
  session(namespace: string, name: string, changes?: Partial<BackupSession>): Promise<Stored<BackupSession>>;
  restore(namespace: string, name: string, spec: RestoreSession['spec']): Promise<Stored<RestoreSession>>;
  /** Resolves with the session once it has ended. */
  ended(namespace: string, name: string): Promise<Stored<BackupSession>>;
  /** Resolves once retention and history of a session are done. */
  tidied(namespace: string, name: string): Promise<void>;
  restored(namespace: string, name: string): Promise<Stored<RestoreSession>>;
  /** The Events about an object. */
  told(namespace: string, kind: string, name: string): Promise<string[]>;
}

const configurationName = 'deploy-app';

/** Version of the image that the sandbox can pull. */
export const version = 'v9.9.9';

/** `times`: speed of the clock; the processes of Jobs use the machine's. */
export async function openSessionStage(times = 20): Promise<SessionStage> {
  const clock = scaledClock(times);
  const stage = await openStage(() => clock.now(), { argv: (await ourProgram()).argv, version });
  const { sandbox } = stage;
  const { cluster } = sandbox;
  await grantJobs(cluster);
  const operators: StartedOperator[] = [];
  return {
    stage,
    clock,
    async operator(options = {}) {
      const operator = await startOperator({
        kubeconfig: sandbox.kubeconfig,
        clock,
        leaderElect: false,
        image: `${imageRepository}:${version}`,
        reconcilers: [backupSessionReconciler, restoreSessionReconciler],
        ...options,
      });
      operators.push(operator);
      return operator;
    },
    async configuration(
      namespace,
      spec = {},
      status = { phase: 'Ready', observedGeneration: 1 },
      name = configurationName,
    ) {
      const at = { name, namespace };
      const configuration = appConfiguration(at, {
        backupHistoryLimit: 10,
        // The reconciler that creates the Jobs' ServiceAccounts does not run here.
        runtimeSettings: { pod: { serviceAccountName: 'default' } },
        ...spec,
      });
      await cluster.patch(
        serviceAccounts,
        { name: 'default', namespace },
        { metadata: { labels: { [label.jobs]: allowed } } },
      );
      const made = await cluster.create(backupConfigurations, configuration);
      if (status === null) return made;
      return cluster.patch(backupConfigurations, at, { status }, { subresource: 'status' });
    },
    session: (namespace, name, changes = {}) =>
      cluster.create(backupSessions, {
        apiVersion: 'stash.appscode.com/v1beta1',
        kind: 'BackupSession',
        spec: { invoker: { kind: 'BackupConfiguration', name: configurationName } },
        ...changes,
        metadata: {
          ...{ name, namespace, ...changes.metadata },
          // As the schedule's Job creates it.
          annotations: { ...keepingAnnotations({ by: 'schedule' }), ...changes.metadata?.annotations },
        },
      }),
    restore: (namespace, name, spec) =>
      cluster.create(restoreSessions, {
        apiVersion: 'stash.appscode.com/v1beta1',
        kind: 'RestoreSession',
        metadata: { name, namespace },
        spec,
      }),
    async ended(namespace, name) {
      const found = await stage.until(backupSessions, namespace, (all) =>
        all.some((session) => session.metadata.name === name && isFinal(session)),
      );
      return named(found, name);
    },
    async tidied(namespace, name) {
      await stage.until(backupSessions, namespace, (all) =>
        all.some(
          ({ metadata, status }) =>
            metadata.name === name &&
            status?.conditions?.some(({ type }) => type === 'BackupHistoryCleaned') === true,
        ),
      );
    },
    async restored(namespace, name) {
      const found = await stage.until(restoreSessions, namespace, (all) =>
        all.some((session) => session.metadata.name === name && isFinal(session)),
      );
      return named(found, name);
    },
    async told(namespace, kind, name) {
      const { items } = await cluster.list(events, { namespace });
      return items
        .filter(({ involvedObject }) => involvedObject.kind === kind && involvedObject.name === name)
        .map(({ type = '', reason = '', message = '' }) => `${type} ${reason}: ${message}`);
    },
    async [Symbol.asyncDispose]() {
      for (const operator of operators) await operator[Symbol.asyncDispose]();
      await stage.stop();
    },
  };
}

/** Grants the Jobs' rights to every account: the reconciler that binds them does not run here. */
async function grantJobs(cluster: Cluster): Promise<void> {
  const options = {
    namespace: 'kube-system',
    image: '',
    replicas: 1,
    runSessions: 'in-jobs',
    version,
  } as const;
  const group = { apiGroup: rbacGroup, kind: 'Group', name: 'system:serviceaccounts' } as const;
  for (const build of [buildSnapshotterRole, buildRestorerRole, buildClassesRole]) {
    const role = build(options);
    const { name } = role.metadata;
    await cluster.create(clusterRoles, role);
    await cluster.create(clusterRoleBindings, {
      apiVersion: role.apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name },
      subjects: [group],
    });
  }
}

function named<S extends Stored<BackupSession> | Stored<RestoreSession>>(all: readonly S[], name: string): S {
  const found = all.find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new Error(`${name} is not there`);
  return found;
}
