/** A server on which our operator runs, installed as anybody installs it. */
import { runPlugin } from '#test/e2e/plugin.ts';
import { startServer, type TestServer } from '#test/e2e/server.ts';

/** How long its applications may stay quiet: long enough for a Job's next pod, short enough to be waited for. */
export const maxFreezeMs = 20_000;

/** One for the whole file; the cluster of `E2E_KUBECONFIG` may have it already. */
export async function startOperatorServer(): Promise<TestServer> {
  const server = await startServer();
  const { code, stderr } = await runPlugin(server.kubeconfig, [
    ...['install', '--timeout', '3m'],
    ...['--max-freeze', `${maxFreezeMs / 1_000}s`],
  ]);
  if (code !== 0) throw new Error(`install: ${stderr}`);
  return server;
}
