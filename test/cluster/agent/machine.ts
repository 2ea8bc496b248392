/** Our own node, in this process: the sandbox's node agent in place of a kubelet, and the CSI driver. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { connect } from '#src/cluster/connect.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { ServiceAccountName } from '#src/sandbox/api-server/tokens.ts';
import { startNode, type SandboxNode } from '#src/sandbox/node/start-node.ts';
import { openDriver } from '#src/sandbox/storage/driver.ts';
import { openStorage } from '#src/sandbox/storage/storage.ts';
import { connectTo } from '#test/e2e/conformance/open-api.ts';
import { text, type JsonClient } from '#test/support/json-client.ts';
import { ourProgram } from '#test/support/our-program.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import type { CertificateFiles } from '../authority.ts';
import { serveDriver } from '../csi-driver/serve-driver.ts';
import { nodes } from '../kinds.ts';
import type { Machine } from '../machine.ts';
import { serveKubelet } from './kubelet.ts';

const nodeName = 'sandbox';

export interface AgentOptions {
  readonly directory: string;
  /** URL of the API server. */
  readonly url: string;
  /** Kubeconfig of the agent's user. */
  readonly kubeconfig: string;
  /** The cluster as the administrator. */
  readonly administrator: Cluster;
  /** Path of csi.proto. */
  readonly proto: string;
  readonly certificate: CertificateFiles;
  readonly ca: string;
  readonly onError: (message: string) => void;
}

export async function startAgentMachine(options: AgentOptions): Promise<Machine> {
  const { directory, url, kubeconfig, administrator, proto, certificate, ca, onError } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const now = () => new Date();
  const stopping = new AbortController();
  const running: { node?: SandboxNode; disconnect?: () => void } = {};
  const storage = await openStorage(join(directory, 'storage'), {
    now,
    freeze: (volume) => running.node?.freeze(volume) ?? (() => undefined),
  });
  const socket = join(directory, 'csi.sock');
  const driver = await serveDriver({
    storage,
    driver: openDriver(storage, stopping.signal),
    now: () => performance.now(),
    socket,
    proto,
  });
  const kubelet = await serveKubelet({ certificate, ca, runtime: () => running.node });
  return {
    socket,
    async join() {
      const { cluster } = await connect({ kubeconfig }, {}, { clock: scaledClock(), version: 'node-agent' });
      const tokens = await connectTo(kubeconfig);
      running.disconnect = () => {
        cluster.close();
        tokens.close();
      };
      running.node = await startNode({
        cluster,
        name: nodeName,
        storage,
        directory: join(directory, 'pods'),
        now,
        onError,
        path: process.env['PATH'] ?? '',
        kubeletPort: kubelet.port,
        program: {
          ...(await ourProgram()),
          access: async (account) => ({ url, certificate: ca, token: await requestToken(tokens, account) }),
        },
      });
      // The node lifecycle controller, which would remove the taint, does not run: it would wait for
      // heartbeats.
      await administrator.patch(nodes, { name: nodeName }, { spec: { taints: null } });
    },
    async stop() {
      driver.close();
      stopping.abort();
      await kubelet.close();
      await running.node?.stop();
      running.disconnect?.();
    },
  };
}

/** Requests a token as a kubelet does for a pod. */
async function requestToken(client: JsonClient, { name, namespace }: ServiceAccountName): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const { code, body } = await client.send('POST', path, { spec: { expirationSeconds: 24 * 3600 } });
  if (code !== 201) throw new Error(`no token for ${namespace}/${name}: ${text(body['message'])}`);
  return text(body['status']?.['token']);
}
