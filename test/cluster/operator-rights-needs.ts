/**
 * Why the operator needs each right other than list and watch: the smallest use of it, and where its absence
 * is reported.
 */
import type { PodSpec, Stored, Workload } from '#src/api/kubernetes.ts';
import { allowed, annotation, label } from '#src/api/labels.ts';
import { clusterRole } from '#src/api/operator.ts';
import {
  backupConfigurations,
  backupSessions,
  cronJobs,
  deployments,
  jobs,
  persistentVolumeClaims,
  pods,
  restoreSessions,
  serviceAccounts,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { cronJobName, restoreJobName, snapshotterJobName } from '#src/domain/workload/names.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { claim, deployment } from '#test/e2e/manifests.ts';
import {
  configuration,
  rarely,
  restoreSession,
  type ConfigurationOptions,
} from '#test/e2e/operator/manifests.ts';
import type { TestServer } from '#test/e2e/server.ts';
import { claimFrom } from '#test/support/claim-from.ts';
import { until } from '#test/support/until.ts';

import { pluralOf, workloadKinds } from './operator-rights-jobs.ts';

export interface OperatorHome {
  readonly namespace: string;
  readonly claimed: () => Promise<void>;
  /** Creates the BackupConfiguration `nightly`, of claim `data` by default. */
  readonly configure: (options?: ConfigurationOptions) => Promise<void>;
  readonly ready: (options?: ConfigurationOptions) => Promise<void>;
  readonly change: (spec: object) => Promise<Stored<BackupConfiguration>>;
  readonly begin: (name: string) => Promise<void>;
  readonly ended: (name: string) => Promise<void>;
  readonly restore: () => Promise<void>;
  readonly server: TestServer;
}

export interface OperatorNeed {
  readonly permission: string;
  readonly bring: (home: OperatorHome) => Promise<unknown>;
  /** `event`: an Event of the configuration. */
  readonly told: 'configuration' | 'session' | 'log' | 'event';
  /** What is reported, if it is not the name of the right. */
  readonly words?: RegExp;
  /** Another client writes to a session right before the operator does. */
  readonly conflict?: true;
}

const stash = 'stash.appscode.com';
const snapshots = 'volumesnapshots.snapshot.storage.k8s.io';
const bindings = 'rolebindings.rbac.authorization.k8s.io';
const roles = 'clusterroles.rbac.authorization.k8s.io';
const escalationRefused = /attempting to grant RBAC permissions not currently held/;
const noSuchClass = { snapshotClassName: 'no-such' };
const name = 'nightly';
const idle: PodSpec = { restartPolicy: 'Never', containers: [{ name: 'theirs', image: 'busybox' }] };

const jobAccountName = `stash-${name}`;
const allow = ({ server, namespace }: OperatorHome, account: string) =>
  server.cluster.patch(
    serviceAccounts,
    { name: account, namespace },
    { metadata: { labels: { [label.jobs]: allowed } } },
  );

const configure = (home: OperatorHome) => home.configure();
const session = async (home: OperatorHome) => {
  await home.ready();
  await home.begin('one');
};
const restore = (home: OperatorHome) => home.restore();

export const operatorNeeds: readonly OperatorNeed[] = [
  { permission: `patch backupconfigurations.${stash}`, bring: configure, told: 'configuration' },
  { permission: `patch backupconfigurations.${stash}/status`, bring: configure, told: 'log' },
  { permission: 'get serviceaccounts', bring: configure, told: 'configuration' },
  { permission: 'create serviceaccounts', bring: configure, told: 'configuration' },
  {
    permission: 'patch serviceaccounts',
    async bring(home) {
      await home.ready();
      await allow(home, jobAccountName);
      await home.change({ runtimeSettings: { pod: { serviceAccountAnnotations: { role: 'backup' } } } });
    },
    told: 'configuration',
  },
  { permission: `get ${bindings}`, bring: configure, told: 'configuration' },
  { permission: `create ${bindings}`, bring: configure, told: 'configuration' },
  {
    permission: `patch ${bindings}`,
    async bring(home) {
      await home.ready();
      await allow(home, 'default');
      await home.change({ runtimeSettings: { pod: { serviceAccountName: 'default' } } });
    },
    told: 'configuration',
  },
  {
    permission: `bind ${roles} ${clusterRole.trigger}`,
    bring: configure,
    told: 'configuration',
    words: escalationRefused,
  },
  {
    permission: `bind ${roles} ${clusterRole.snapshotter}`,
    bring: configure,
    told: 'configuration',
    words: escalationRefused,
  },
  {
    permission: `bind ${roles} ${clusterRole.restorer}`,
    bring: restore,
    told: 'session',
    words: escalationRefused,
  },
  {
    permission: 'get cronjobs.batch',
    async bring(home) {
      const { namespace, server } = home;
      await server.cluster.create(cronJobs, {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: cronJobName(name), namespace },
        spec: { schedule: rarely, jobTemplate: { spec: { template: { spec: idle } } } },
      });
      await home.configure();
    },
    told: 'configuration',
  },
  { permission: 'create cronjobs.batch', bring: configure, told: 'configuration' },
  {
    permission: 'patch cronjobs.batch',
    async bring(home) {
      await home.ready();
      await home.change({ schedule: '5 4 1 1 *' });
    },
    told: 'configuration',
  },
  {
    permission: 'delete cronjobs.batch',
    async bring(home) {
      await home.ready();
      await home.server.cluster.delete(backupConfigurations, { name, namespace: home.namespace });
    },
    told: 'event',
  },
  { permission: 'create jobs.batch', bring: session, told: 'session' },
  {
    permission: 'get jobs.batch',
    async bring(home) {
      await home.ready();
      await foreignJob(home, snapshotterJobName('one'));
      await home.begin('one');
    },
    told: 'session',
  },
  {
    permission: 'delete jobs.batch',
    async bring(home) {
      const { namespace, server } = home;
      await home.claimed();
      await home.ready({ snapshotClassName: 'never-ready' });
      await home.begin('one');
      await until(server.cluster, volumeSnapshots, { namespace }, (all) => all.length === 1);
      await server.cluster.delete(backupConfigurations, { name, namespace });
    },
    told: 'log',
  },
  { permission: `get backupsessions.${stash}`, bring: session, told: 'log', conflict: true },
  {
    permission: `create backupsessions.${stash}`,
    async bring(home) {
      await home.claimed();
      await home.ready({ ...noSuchClass, spec: { retryConfig: { maxRetry: 1, delay: '1s' } } });
      await home.begin('one');
    },
    told: 'log',
  },
  {
    permission: `patch backupsessions.${stash}`,
    async bring(home) {
      await home.ready();
      await foreignJob(home, snapshotterJobName('one'));
      await home.begin('one');
    },
    told: 'session',
  },
  {
    permission: `delete backupsessions.${stash}`,
    async bring(home) {
      await home.claimed();
      await home.ready({ ...noSuchClass, spec: { backupHistoryLimit: 1 } });
      for (const each of ['one', 'two']) {
        await home.begin(each);
        await home.ended(each);
      }
    },
    told: 'session',
  },
  { permission: `patch backupsessions.${stash}/status`, bring: session, told: 'log' },
  { permission: `get restoresessions.${stash}`, bring: restore, told: 'log', conflict: true },
  {
    permission: `patch restoresessions.${stash}`,
    async bring(home) {
      await foreignJob(home, restoreJobName('back'));
      await home.restore();
    },
    told: 'session',
  },
  {
    permission: `delete restoresessions.${stash}`,
    bring: ({ server, namespace }) => {
      const files = restoreSession('files', []);
      const annotations = { [annotation.filesUntil]: '2026-01-01T00:00:00Z' };
      const metadata = { ...files.metadata, namespace, annotations };
      return server.cluster.create(restoreSessions, { ...files, metadata });
    },
    told: 'log',
  },
  { permission: `patch restoresessions.${stash}/status`, bring: restore, told: 'log' },
  ...[...workloadKinds, 'PersistentVolumeClaim' as const].map((kind): OperatorNeed => ({
    permission: `get ${pluralOf(kind)}`,
    bring: (home) => home.configure({ kind, target: 'not-yet' }),
    told: 'configuration',
  })),
  { permission: 'get pods', bring: (home) => lostExecutor(home), told: 'log' },
  { permission: 'get pods/exec', bring: (home) => lostExecutor(home, 'true'), told: 'session' },
  { permission: 'create pods/exec', bring: (home) => lostExecutor(home, 'true'), told: 'session' },
  {
    permission: `list ${snapshots}`,
    async bring(home) {
      await home.claimed();
      await home.ready();
      await home.begin('one');
    },
    told: 'session',
  },
  // The operator watches until the hook has ended.
  { permission: `watch ${snapshots}`, bring: (home) => lostExecutor(home, 'sleep 7'), told: 'session' },
  {
    permission: `delete ${snapshots}`,
    async bring(home) {
      await home.claimed();
      await home.ready({ spec: { retentionPolicy: { name: 'last', keepLast: 1, prune: true } } });
      for (const each of ['one', 'two']) {
        await home.begin(each);
        await home.ended(each);
      }
    },
    told: 'session',
  },
  { permission: 'create events', bring: configure, told: 'log' },
  {
    permission: 'patch events',
    async bring(home) {
      const { namespace, server } = home;
      const isNotReady = ([it]: Stored<BackupConfiguration>[]) => it?.status?.phase === 'NotReady';
      await home.ready();
      for (let lost = 0; lost < 2; lost++) {
        await server.cluster.delete(persistentVolumeClaims, { name: 'data', namespace });
        await until(server.cluster, persistentVolumeClaims, { namespace }, (all) => all.length === 0);
        await until(server.cluster, backupConfigurations, { namespace }, isNotReady);
        await makeClaim(server, namespace);
        await until(
          server.cluster,
          backupConfigurations,
          { namespace },
          ([it]) => it?.status?.phase === 'Ready',
        );
      }
    },
    told: 'log',
  },
];

export async function openOperatorHome(server: TestServer, namespace: string): Promise<OperatorHome> {
  const { cluster, storageClass } = server;
  const at = { namespace };
  await makeClaim(server, namespace);
  const make = async (options: ConfigurationOptions = {}) => {
    const object = configuration(name, { kind: 'PersistentVolumeClaim', target: 'data', ...options });
    await cluster.create(backupConfigurations, { ...object, metadata: { ...object.metadata, namespace } });
  };
  return {
    ...{ namespace, server },
    claimed: async () => {
      await until(cluster, persistentVolumeClaims, at, ([it]) => it?.status?.phase === 'Bound');
    },
    configure: make,
    async ready(options) {
      await make(options);
      await until(cluster, backupConfigurations, at, ([it]) => it?.status?.phase === 'Ready');
    },
    change: (spec) => cluster.patch(backupConfigurations, { name, namespace }, { spec }),
    async begin(called) {
      await cluster.create(backupSessions, backupSession(called, namespace));
    },
    async ended(called) {
      await until(cluster, backupSessions, at, (all) =>
        all.some((it) => it.metadata.name === called && isFinal(it)),
      );
    },
    async restore() {
      const object = restoreSession('back', [claimFrom('no-such', 'copy', storageClass)]);
      await cluster.create(restoreSessions, { ...object, metadata: { ...object.metadata, namespace } });
    },
  };
}

async function makeClaim({ cluster, storageClass }: TestServer, namespace: string): Promise<void> {
  await cluster.create(persistentVolumeClaims, {
    ...claim('data', storageClass),
    metadata: { name: 'data', namespace },
  });
}

function backupSession(called: string, namespace: string, annotations?: Record<string, string>) {
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: { name: called, namespace, ...(annotations && { annotations }) },
    spec: { invoker: { apiGroup: stash, kind: 'BackupConfiguration', name } },
  };
}

async function foreignJob({ namespace, server }: OperatorHome, called: string): Promise<void> {
  await server.cluster.create(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: called, namespace },
    spec: { suspend: true, template: { spec: idle } },
  });
}

/** Creates a running session whose Job and pod are gone. `thaw`: the session was between its hooks. */
async function lostExecutor(home: OperatorHome, thaw?: string): Promise<void> {
  const { namespace, server } = home;
  const { cluster } = server;
  const at = { name: 'one', namespace };
  const shell = (script: string) => ({ exec: { command: ['/bin/sh', '-c', script] } });
  if (thaw !== undefined) {
    const { metadata, ...app } = deployment('app', ['data']);
    await cluster.create(deployments, { ...app, metadata: { ...metadata, namespace } } satisfies Workload);
    await until(cluster, pods, { namespace }, (all) =>
      all.some(
        ({ metadata: { labels }, status }) => labels?.['app'] === 'app' && status?.phase === 'Running',
      ),
    );
    await home.ready({
      ...{ kind: 'Deployment', target: 'app' },
      spec: { hooks: { preBackup: shell('true'), postBackup: shell(thaw) } },
    });
  } else await home.ready();
  const now = new Date().toISOString();
  await cluster.create(
    backupSessions,
    backupSession('one', namespace, {
      [annotation.executor]: 'other 1',
      [annotation.sessionClaims]: '["data"]',
      ...(thaw !== undefined && { [annotation.quiescedSince]: now }),
    }),
  );
  const ensured = { type: 'BackupExecutorEnsured', status: 'True', lastTransitionTime: now };
  const ref =
    thaw !== undefined
      ? { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' }
      : { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'data' };
  const targets = [{ ref, phase: 'Running', totalHosts: 1, conditions: [ensured] }];
  const status = { phase: 'Running', sessionDeadline: new Date(Date.now() + 600_000).toISOString(), targets };
  await cluster.patch(backupSessions, at, { status }, { subresource: 'status' });
  const gone = { [annotation.executor]: `${snapshotterJobName('one')}-abcde 1` };
  await cluster.patch(backupSessions, at, { metadata: { annotations: gone } });
}

/** Does the same with a restore. Resolves when it has ended. */
export async function lostRestorer({ namespace, server }: OperatorHome): Promise<void> {
  const { cluster, storageClass } = server;
  const at = { name: 'back', namespace };
  const { metadata, ...object } = restoreSession('back', [claimFrom('no-such', 'copy', storageClass)]);
  const heldBy = (holder: string) => ({ annotations: { [annotation.executor]: holder } });
  await cluster.create(restoreSessions, {
    ...object,
    metadata: { ...metadata, namespace, ...heldBy('other 1') },
  });
  const lastTransitionTime = new Date().toISOString();
  const conditions = [{ type: 'RestoreExecutorEnsured', status: 'True', lastTransitionTime }];
  const status = {
    phase: 'Running',
    sessionDeadline: new Date(Date.now() + 600_000).toISOString(),
    conditions,
  };
  await cluster.patch(restoreSessions, at, { status }, { subresource: 'status' });
  await cluster.patch(restoreSessions, at, { metadata: heldBy(`${restoreJobName('back')}-abcde 1`) });
  await until(cluster, restoreSessions, { namespace }, ([it]) => it?.status?.phase === 'Failed');
}
