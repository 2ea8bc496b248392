/**
 * A real control plane on the loopback address: etcd, kube-apiserver, kube-controller-manager, the snapshot
 * controller and the CSI sidecars as child processes. The CSI driver runs in this process, which therefore
 * must not block. In the namespaces of `node/enter.sh`, the node is a real one and kube-scheduler runs;
 * otherwise the node is our own agent.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stashCrds } from '#src/api/crds/index.ts';
import type { CustomResourceDefinition, KubernetesObject } from '#src/api/kubernetes.ts';
import { connect } from '#src/cluster/connect.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { seedClasses } from '#src/sandbox/seed.ts';
import { driverName } from '#src/sandbox/storage/driver.ts';

import { startAgentMachine } from './agent/machine.ts';
import { createAuthority, kubeletClient } from './authority.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';
import * as components from './components.ts';
import { define } from './definitions.ts';
import { freePorts } from './free-ports.ts';
import { csiDrivers, serviceAccounts } from './kinds.ts';
import type { Machine } from './machine.ts';
import { startNodeMachine } from './node/machine.ts';
import { currentPlace } from './node/place.ts';
import { createProcesses, type RunningProcess } from './processes.ts';
import type { Programs } from './programs.ts';
import { grantRights } from './rights.ts';
import type { Program } from './sources.ts';
import { until } from './until.ts';
import { createUsers, type UserFiles } from './users.ts';

export interface ControlPlaneOptions {
  readonly programs: Programs;
  /** Client rate limits of kube-controller-manager and the sidecars. */
  readonly rateLimits: components.RateLimits;
  /** Definitions of the Stash kinds; default: ours. */
  readonly stashDefinitions?: readonly CustomResourceDefinition[];
  /** Receives errors that no status and no Event reports. */
  readonly onError?: (message: string) => void;
}

export interface ControlPlane {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  /** Kubeconfig of the administrator. */
  readonly kubeconfig: string;
  readonly users: UserFiles;
  /** Every request with the time of its answer, as one JSON object per line. */
  readonly auditLog: string;
  /** Directory of the logs of all programs. */
  readonly logs: string;
  readonly processes: ReadonlyMap<Program, RunningProcess>;
  /** Stops all programs and removes their data. */
  stop(): Promise<void>;
}

const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  rules: [{ level: 'Metadata' }],
};

/** Resolves when claims can be bound and pods can run. Stops all programs before it rejects. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  // A short path, because a Unix socket below it must have fewer than 104 characters.
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
    const [etcdPort = 0, peerPort = 0, port = 0, managerPort = 0, schedulerPort = 0] = await freePorts(5);
    const place = await currentPlace();
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
        nodeAddress: place?.address,
        etcdPort,
        caFile,
        ca,
        serving: await authority.server(
          'kube-apiserver',
          place ? [components.serviceAddress, place.address] : [],
        ),
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
    const kubeconfigOf = (name: string) => users.kubeconfig({ name });
    begun.machine = place
      ? await startNodeMachine({ place, programs, run, authority, users, cluster, onError })
      : await startAgentMachine({
          ...{ url, ca, onError },
          kubeconfig: await kubeconfigOf('node-agent'),
          administrator: cluster,
          directory: join(directory, 'machine'),
          proto: programs.csiProto,
          certificate: await authority.server('kubelet'),
        });
    const { machine } = begun;
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
          hasHeartbeats: place !== undefined,
        }),
      ),
      place &&
        run(
          'kube-scheduler',
          components.scheduler({
            port: schedulerPort,
            kubeconfig: await kubeconfigOf('system:kube-scheduler'),
            ca,
            serving: await authority.server('kube-scheduler'),
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
      // Volumes belong to root: pods of other users write to them by their fsGroup.
      spec: { attachRequired: false, podInfoOnMount: false, fsGroupPolicy: 'File' },
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
        components.csiProvisioner({
          kubeconfig: await kubeconfigOf('csi-provisioner'),
          socket,
          rateLimits,
          topology: place !== undefined,
        }),
      ),
      machine.join(),
      // No pod can be created before this account exists.
      until(cluster, serviceAccounts, { name: 'default', namespace: 'default' }, () => true),
    ]);
    return { url, kubeconfig, users, auditLog, logs, processes: running, stop };
  }
}
