import { createServer, type AddressInfo } from 'node:net';

/**
 * Resolves with `count` free ports of the loopback address. Holds each one until all are found, so that no
 * port occurs twice.
 */
export async function freePorts(count: number): Promise<number[]> {
  const taken = await Promise.all(Array.from({ length: count }, take));
  await Promise.all(taken.map(({ release }) => release()));
  return taken.map(({ port }) => port);
}

async function take(): Promise<{ port: number; release: () => Promise<unknown> }> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { port, release: () => new Promise((resolve) => server.close(resolve)) };
}
