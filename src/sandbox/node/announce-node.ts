/** The Node object of the sandbox's one node: this machine. */
import { arch, platform, release } from 'node:os';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { nodes } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { timestamp } from '#src/sandbox/api-server/object.ts';
import { ignoring } from '#src/sandbox/controllers/writes.ts';

/** The name of the sandbox's only node. */
export const sandboxNode = 'sandbox';

export interface NodeAnnouncement {
  readonly name: string;
  readonly now: Date;
  /** Port at which an API server in another process reaches exec and logs. */
  readonly kubeletPort?: number | undefined;
}

/** Creates the Node if it is missing, and reports it ready. */
export async function announceNode(
  cluster: Cluster,
  { name, now, kubeletPort }: NodeAnnouncement,
): Promise<void> {
  // Pods expect Linux, whatever the operating system of this machine.
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
      // Without it, the API server translates every WebSocket to SPDY.
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
