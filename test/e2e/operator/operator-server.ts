/** A server on which our operator runs, installed as anybody installs it. */
import { runPlugin } from '#test/e2e/plugin.ts';
import { startServer, type TestServer } from '#test/e2e/server.ts';

/** One for the whole file; the cluster of `E2E_KUBECONFIG` may have it already. */
export async function startOperatorServer(): Promise<TestServer> {
  const server = await startServer();
  const { code, stderr } = await runPlugin(server.kubeconfig, ['install', '--timeout', '3m']);
  if (code !== 0) throw new Error(`install: ${stderr}`);
  return server;
}
