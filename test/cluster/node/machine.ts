/**
 * A real node: containerd, kubelet and kube-proxy as child processes in the namespaces of `place`; our CSI
 * driver runs in this process.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cluster } from '#src/cluster/port.ts';
import { driverName, openDriver } from '#src/sandbox/storage/driver.ts';
import { openStorage } from '#src/sandbox/storage/storage.ts';

import type { Authority } from '../authority.ts';
import type { Component } from '../component.ts';
import { registerDriver } from '../csi-driver/register.ts';
import { serveDriver, type DriverServer } from '../csi-driver/serve-driver.ts';
import { freePorts } from '../free-ports.ts';
import { csiNodes, nodes } from '../kinds.ts';
import type { Machine } from '../machine.ts';
import type { Programs } from '../programs.ts';
import type { NodeProgram } from '../sources.ts';
import { until } from '../until.ts';
import type { UserFiles } from '../users.ts';
import * as components from './components.ts';
import { freezePods } from './freeze-pods.ts';
import { pauseImage, pushImages } from './images.ts';
import type { Place } from './place.ts';
import { subvolumes } from './trees.ts';

const name = 'node-1';
const zone = `topology.${driverName}/zone`;
const segments = { [zone]: 'a' };

export interface NodeOptions {
  readonly place: Place;
  readonly programs: Programs;
  readonly run: (program: NodeProgram, component: Component) => Promise<void>;
  readonly authority: Authority;
  readonly users: UserFiles;
  /** The cluster as the administrator. */
  readonly cluster: Cluster;
  readonly onError: (message: string) => void;
}

export async function startNodeMachine(options: NodeOptions): Promise<Machine> {
  const { place, programs, run, authority, users, cluster, onError } = options;
  const { registrationProto } = programs;
  if (registrationProto === undefined) throw new Error('the programs of a node were not built');
  const stopping = new AbortController();
  const registration: { server?: DriverServer } = {};
  for (const path of [place.containerd, place.kubelet, place.images]) await mkdir(path, { recursive: true });
  const freeze = () => freezePods(place);
  const storage = await openStorage(join(place.volumes, 'storage'), {
    ...(place.btrfs ? { trees: subvolumes } : { freeze }),
  });
  const socket = join(place.directory, 'csi.sock');
  const driver = await serveDriver({
    storage,
    driver: openDriver(storage, stopping.signal),
    now: () => performance.now(),
    socket,
    proto: programs.csiProto,
    node: { nodeId: name, segments, freeze },
  });
  return {
    socket,
    async join() {
      await run('crane', components.registry(place));
      const [healthPort = 0, proxyHealthPort = 0, proxyMetricsPort = 0] = await freePorts(3);
      await Promise.all([
        pushImages(programs.path.crane, place),
        run('containerd', await components.containerd(place, pauseImage)),
      ]);
      await run(
        'kubelet',
        await components.kubelet(place, {
          kubeconfig: await users.kubeconfig({ name: `system:node:${name}`, groups: ['system:nodes'] }),
          name,
          labels: segments,
          healthPort,
          caFile: authority.file,
          serving: await authority.server('kubelet', [place.address]),
        }),
      );
      registration.server = await registerDriver({
        socket,
        registration: join(place.kubelet, 'plugins_registry', `${driverName}-reg.sock`),
        proto: registrationProto,
        onRefused: (why) => {
          onError(`the kubelet rejects the CSI driver: ${why}`);
        },
      });
      await run(
        'kube-proxy',
        components.kubeProxy(place, {
          kubeconfig: await users.kubeconfig({ name: 'system:kube-proxy' }),
          name,
          healthPort: proxyHealthPort,
          metricsPort: proxyMetricsPort,
        }),
      );
      await until(cluster, nodes, { name }, ({ spec, status }) => isReady(status) && !spec?.taints?.length);
      await until(
        cluster,
        csiNodes,
        { name },
        ({ spec }) => spec?.drivers?.some((it) => it.name === driverName) === true,
      );
    },
    stop() {
      registration.server?.close();
      driver.close();
      stopping.abort();
      return Promise.resolve();
    },
  };
}

function isReady(
  status: { readonly conditions?: readonly { type: string; status: string }[] } | undefined,
): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
}
