/** Forwards connections to another address, to reach servers in other namespaces. */
import { createServer, connect, type AddressInfo, type ListenOptions, type NetConnectOpts } from 'node:net';

export interface Relay {
  /** Undefined for a Unix socket. */
  readonly port: number | undefined;
  close(): void;
}

export async function relay(from: ListenOptions, to: NetConnectOpts): Promise<Relay> {
  const server = createServer((client) => {
    const other = connect(to);
    client.pipe(other).pipe(client);
    client.on('error', () => other.destroy());
    other.on('error', () => client.destroy());
    client.on('close', () => other.destroy());
    other.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(from, resolve);
  });
  const address = server.address() as AddressInfo | string;
  return {
    port: typeof address === 'string' ? undefined : address.port,
    close() {
      server.close();
    },
  };
}
