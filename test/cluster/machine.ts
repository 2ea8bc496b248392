/** What is ours in the cluster: the storage, its CSI driver, and the one node, all in this process. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { connect } from '#src/cluster/connect.ts';
import type { ServiceAccountName } from '#src/sandbox/api-server/tokens.ts';
import { startNode, type SandboxNode } from '#src/sandbox/node/start-node.ts';
import { openDriver } from '#src/sandbox/storage/driver.ts';
import { openStorage } from '#src/sandbox/storage/storage.ts';
import { connectTo } from '#test/e2e/conformance/open-api.ts';
import { text, type JsonClient } from '#test/support/json-client.ts';

import type { CertificateFiles } from './authority.ts';
import { ourProgram } from '#test/support/our-program.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';
import { serveDriver } from './csi-driver/serve-driver.ts';
import { serveKubelet } from './kubelet.ts';

export const nodeName = 'sandbox';

export interface Machine {
  /** Where the sidecars find the driver. */
  readonly socket: string;
  /** Announces the node and runs pods on it, as the user of this kubeconfig; `url` is the API server's. */
  join(kubeconfig: string, url: string): Promise<void>;
  stop(): Promise<void>;
}

export interface MachineOptions {
  readonly directory: string;
  /** Path of csi.proto. */
  readonly proto: string;
  readonly certificate: CertificateFiles;
  readonly ca: string;
  readonly onError: (message: string) => void;
}

export async function startMachine(options: MachineOptions): Promise<Machine> {
  const { directory, proto, certificate, ca, onError } = options;
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
    async join(kubeconfig, url) {
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
          ...ourProgram,
          access: async (account) => ({ url, certificate: ca, token: await requestToken(tokens, account) }),
        },
      });
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

/** As a kubelet does for a pod. */
async function requestToken(client: JsonClient, { name, namespace }: ServiceAccountName): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const { code, body } = await client.send('POST', path, { spec: { expirationSeconds: 24 * 3600 } });
  if (code !== 201) throw new Error(`no token for ${namespace}/${name}: ${text(body['message'])}`);
  return text(body['status']?.['token']);
}
