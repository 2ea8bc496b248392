import { createServer, type AddressInfo } from 'node:net';

/** Of the loopback address. All are held until all are found, so that no two are the same. */
export async function freePorts(): Promise<[number, number, number, number]> {
  const take = async () => {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    return { port, release: () => new Promise((resolve) => server.close(resolve)) };
  };
  const taken = [await take(), await take(), await take(), await take()] as const;
  await Promise.all(taken.map(({ release }) => release()));
  const [first, second, third, fourth] = taken;
  return [first.port, second.port, third.port, fourth.port];
}
