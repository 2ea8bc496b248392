/** A sandbox with the Stash CRDs, for operators to run on. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stashCrds } from '#src/api/crds/index.ts';
import { backupConfigurations, customResourceDefinitions, leases } from '#src/api/resources.ts';
import { startSandbox, type Sandbox } from '#src/sandbox/sandbox.ts';
import { removeTree } from '#src/sandbox/storage/copy.ts';

export interface Stand extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly kubeconfig: string;
  configuration(name: string): Promise<void>;
  /** The holder of the Lease, from the API server. */
  leader(): Promise<string | undefined>;
}

export async function openStand(options: { readonly crds?: boolean } = {}): Promise<Stand> {
  const directory = await mkdtemp(join(tmpdir(), 'stash-operator-'));
  const sandbox = await startSandbox({ directory });
  const { cluster, kubeconfig } = sandbox;
  if (options.crds !== false) {
    for (const definition of stashCrds) await cluster.create(customResourceDefinitions, definition);
  }
  return {
    sandbox,
    kubeconfig,
    async configuration(name) {
      await cluster.create(backupConfigurations, {
        apiVersion: 'stash.appscode.com/v1beta1',
        kind: 'BackupConfiguration',
        metadata: { name, namespace: 'default' },
        spec: {
          driver: 'VolumeSnapshotter',
          schedule: '0 3 * * *',
          target: { ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
          retentionPolicy: { name: 'keep-all', prune: false },
        },
      });
    },
    async leader() {
      const { items } = await cluster.list(leases, { namespace: 'default' });
      return items.find(({ metadata }) => metadata.name === 'kubectl-stash-operator')?.spec?.holderIdentity;
    },
    async [Symbol.asyncDispose]() {
      await sandbox.stop();
      await removeTree(directory);
    },
  };
}
