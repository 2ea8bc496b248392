/**
 * A real control plane on the loopback address: etcd, kube-apiserver, kube-controller-manager, the snapshot controller
 * and the CSI sidecars as processes of ours; the CSI driver and the node in this one, which therefore must not block.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stashCrds } from '#src/api/crds/index.ts';
import type { CustomResourceDefinition, KubernetesObject } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import { connect } from '#src/cluster/connect.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { seedClasses } from '#src/sandbox/seed.ts';
import { driverName } from '#src/sandbox/storage/driver.ts';

import { createAuthority } from './authority.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';
import * as components from './components.ts';
import { define } from './definitions.ts';
import { freePorts } from './free-ports.ts';
import { kubeletClient } from './kubelet.ts';
import { nodeName, startMachine, type Machine } from './machine.ts';
import { createProcesses, type RunningProcess } from './processes.ts';
import type { Programs } from './programs.ts';
import { grantRights } from './rights.ts';
import type { Program } from './sources.ts';
import { until } from './until.ts';
import { createUsers, type UserFiles } from './users.ts';

export interface ControlPlaneOptions {
  readonly programs: Programs;
  /** Of kube-controller-manager and the sidecars, towards the API server. */
  readonly rateLimits: components.RateLimits;
  /** Of the Stash kinds; by default ours. */
  readonly stashDefinitions?: readonly CustomResourceDefinition[];
  /** Told what no status and no event tells. */
  readonly onError?: (message: string) => void;
}

export interface ControlPlane {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  /** The administrator's. */
  readonly kubeconfig: string;
  readonly users: UserFiles;
  /** One JSON object per line: every request, when it was answered. */
  readonly auditLog: string;
  /** Directory of the logs of all programs. */
  readonly logs: string;
  readonly processes: ReadonlyMap<Program, RunningProcess>;
  /** Ends everything and removes what it kept. */
  stop(): Promise<void>;
}

const csiDrivers: Resource = {
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  namespaced: false,
};
const nodes: Resource = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };
const serviceAccounts: Resource = {
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
};
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  rules: [{ level: 'Metadata' }],
};

/** Resolves when claims can be bound and pods can run; what was begun is ended before it rejects. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  // Short: a Unix socket below it must stay under 104 characters.
  const directory = await mkdtemp(join(tmpdir(), 'stash-cluster-'));
  const processes = createProcesses();
  const begun: { machine?: Machine; cluster?: Cluster } = {};
  const logs = join(directory, 'logs');

  async function stop(): Promise<void> {
    await begun.machine?.stop();
    begun.cluster?.close();
    await processes.stopAll();
    await rm(directory, { recursive: true, force: true });
  }

  try {
    return await start();
  } catch (error) {
    await stop();
    throw error;
  }

  async function start(): Promise<ControlPlane> {
    const { programs, rateLimits, stashDefinitions = stashCrds, onError = () => undefined } = options;
    const certificates = join(directory, 'certificates');
    for (const path of [certificates, logs]) await mkdir(path);
    const [etcdPort, peerPort, port, managerPort] = await freePorts();
    const url = `https://127.0.0.1:${port}`;
    const authority = await createAuthority(certificates, new Date());
    const { cert: ca, file: caFile } = authority;
    const users = createUsers(certificates, url, authority);
    const serviceAccountKeyFile = join(certificates, 'service-accounts.key');
    const serviceAccountKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    await writeFile(serviceAccountKeyFile, serviceAccountKey.export({ type: 'sec1', format: 'pem' }), {
      mode: 0o600,
    });
    const auditPolicyFile = join(directory, 'audit-policy.json');
    await writeFile(auditPolicyFile, JSON.stringify(auditPolicy));
    const auditLog = join(logs, 'audit.log');
    const running = new Map<Program, RunningProcess>();

    async function run(name: Program, component: ReturnType<typeof components.etcd>): Promise<void> {
      const log = join(logs, `${name}.log`);
      running.set(name, await processes.start({ name, path: programs.path[name], log, ...component }));
    }

    await run(
      'etcd',
      components.etcd({
        directory: join(directory, 'etcd'),
        clientPort: etcdPort,
        peerPort,
        caFile,
        certificate: await authority.server('etcd'),
      }),
    );
    await run(
      'kube-apiserver',
      components.apiServer({
        port,
        etcdPort,
        caFile,
        ca,
        serving: await authority.server('kube-apiserver'),
        etcdClient: await authority.client('kube-apiserver-etcd-client'),
        kubeletClient: await authority.client(kubeletClient),
        serviceAccountKeyFile,
        auditPolicyFile,
        auditLog,
        admin: await authority.client('health', ['system:masters']),
      }),
    );
    const kubeconfig = await users.kubeconfig({ name: 'admin', groups: ['system:masters'] });
    const { cluster } = await connect({ kubeconfig }, {}, { clock: scaledClock(), version: 'set-up' });
    begun.cluster = cluster;
    begun.machine = await startMachine({
      directory: join(directory, 'machine'),
      proto: programs.csiProto,
      certificate: await authority.server('kubelet'),
      ca,
      onError,
    });
    const { machine } = begun;
    const kubeconfigOf = (name: string) => users.kubeconfig({ name });
    await Promise.all([
      run(
        'kube-controller-manager',
        components.controllerManager({
          port: managerPort,
          kubeconfig: await kubeconfigOf('system:kube-controller-manager'),
          caFile,
          ca,
          serving: await authority.server('kube-controller-manager'),
          serviceAccountKeyFile,
          rateLimits,
        }),
      ),
      define(cluster, programs.snapshotDefinitions, stashDefinitions),
      grantRights(cluster),
    ]);
    await seedClasses(cluster, driverName);
    await cluster.create(csiDrivers, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSIDriver',
      metadata: { name: driverName },
      spec: { attachRequired: false, podInfoOnMount: false },
    } as KubernetesObject);
    const { socket } = machine;
    await Promise.all([
      run(
        'snapshot-controller',
        components.snapshotController({ kubeconfig: await kubeconfigOf('snapshot-controller'), rateLimits }),
      ),
      run(
        'csi-snapshotter',
        components.csiSnapshotter({ kubeconfig: await kubeconfigOf('csi-snapshotter'), socket, rateLimits }),
      ),
      run(
        'csi-provisioner',
        components.csiProvisioner({ kubeconfig: await kubeconfigOf('csi-provisioner'), socket, rateLimits }),
      ),
      machine.join(await kubeconfigOf('node-agent'), url),
      // Before it is there, no pod can be made.
      until(cluster, serviceAccounts, { name: 'default', namespace: 'default' }, () => true),
    ]);
    // The controller that would see that the node is ready does not run.
    await cluster.patch(nodes, { name: nodeName }, { spec: { taints: null } });
    return { url, kubeconfig, users, auditLog, logs, processes: running, stop };
  }
}
