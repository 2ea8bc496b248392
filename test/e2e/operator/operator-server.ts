/** A server on which our operator runs, installed as anybody installs it. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after } from 'node:test';

import { clientVersion } from '#src/cli/version.ts';
import { connect } from '#src/cluster/connect.ts';
import { startSandbox } from '#src/sandbox/sandbox.ts';
import { removeTree } from '#src/sandbox/storage/copy.ts';
import { driverName } from '#src/sandbox/storage/driver.ts';
import { runPlugin } from '#test/e2e/plugin.ts';
import { startServer, type TestServer } from '#test/e2e/server.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

/** What a container of our image runs in these tests. */
export const program = {
  argv: [process.execPath, resolve(import.meta.dirname, '../../../cmd/kubectl-stash.ts')],
  version: clientVersion,
};

/** One for the whole file; the cluster of `E2E_KUBECONFIG` may have it already. */
export async function startOperatorServer(): Promise<TestServer> {
  const server = process.env['E2E_KUBECONFIG'] === undefined ? await sandboxServer() : await startServer();
  const { code, stderr } = await runPlugin(server.kubeconfig, ['install', '--timeout', '3m']);
  if (code !== 0) throw new Error(`install: ${stderr}`);
  return server;
}

async function sandboxServer(): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'stash-operator-'));
  const sandbox = await startSandbox({ directory, program });
  after(async () => {
    await sandbox.stop();
    await removeTree(directory);
  });
  const { kubeconfig } = sandbox;
  const { cluster } = await connect({ kubeconfig }, {}, { clock: scaledClock(), version: 'e2e' });
  after(() => {
    cluster.close();
  });
  return {
    kubeconfig,
    cluster,
    storageClass: 'sandbox',
    waitClass: 'sandbox-wait',
    snapshotClass: 'sandbox',
    driver: driverName,
    briefly: '1s',
  };
}
