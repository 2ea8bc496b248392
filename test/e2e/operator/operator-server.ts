/** A server with our operator, installed as users install it. */
import { runPlugin } from '#test/e2e/plugin.ts';
import { startServer, type TestServer } from '#test/e2e/server.ts';

/**
 * How long applications may stay quiesced: long enough for a Job's next pod, short enough to wait for in a
 * test.
 */
export const maxFreezeMs = 20_000;

/** Starts one server for the whole file; the cluster of `E2E_KUBECONFIG` may have the operator already. */
export async function startOperatorServer(): Promise<TestServer> {
  const server = await startServer();
  const { code, stderr } = await runPlugin(server.kubeconfig, [
    ...['install', '--timeout', '3m'],
    ...['--max-freeze', `${maxFreezeMs / 1_000}s`],
  ]);
  if (code !== 0) throw new Error(`install: ${stderr}`);
  return server;
}
