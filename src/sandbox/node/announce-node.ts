/** The Node object that stands for this machine. */
import { arch, platform, release } from 'node:os';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { timestamp } from '#src/sandbox/api-server/object.ts';
import { ignoring } from '#src/sandbox/controllers/writes.ts';

export interface NodeObject extends KubernetesObject {
  spec?: { taints?: Taint[]; unschedulable?: boolean };
}

export interface Taint {
  key: string;
  value?: string;
  effect: string;
}

export const nodes: Resource<NodeObject> = {
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  namespaced: false,
};

export interface NodeAnnouncement {
  readonly name: string;
  readonly now: Date;
  /** Where an API server of another process finds exec and logs. */
  readonly kubeletPort?: number | undefined;
}

/** Creates it where it is missing, and says that it is ready. */
export async function announceNode(
  cluster: Cluster,
  { name, now, kubeletPort }: NodeAnnouncement,
): Promise<void> {
  // What runs on it was made for Linux, whatever machine this is.
  const node: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
  };
  await ignoring('AlreadyExists', cluster.create(nodes, node));
  const status = {
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'KubeletReady',
        message: 'containers run on this machine',
        lastTransitionTime: timestamp(now),
      },
    ],
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    ...(kubeletPort !== undefined && {
      daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
      // Else the API server turns every WebSocket into SPDY.
      declaredFeatures: ['ExtendWebSocketsToKubelet'],
    }),
    nodeInfo: {
      architecture: arch(),
      kernelVersion: release(),
      operatingSystem: platform(),
      osImage: 'kubectl stash sandbox',
      containerRuntimeVersion: 'processes://',
      kubeletVersion: await cluster.serverVersion(),
    },
  };
  await cluster.patch(nodes, { name }, { status }, { subresource: 'status' });
}
