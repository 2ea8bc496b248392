/** Registers a CSI driver with a kubelet, as node-driver-registrar does on real nodes. */
import { loadPackageDefinition, Server, type ServiceClientConstructor } from '@grpc/grpc-js';
import { load } from '@grpc/proto-loader';

import { driverName } from '#src/sandbox/storage/driver.ts';

import { listen, unary, type DriverServer } from './grpc.ts';

/**
 * `socket` is the driver's, `registration` one in the kubelet's `plugins_registry`, `proto` the path of the
 * kubelet's pluginregistration API. The kubelet then calls the driver itself. If it rejects the driver,
 * `onRefused` receives the reason.
 */
export async function registerDriver(options: {
  readonly socket: string;
  readonly registration: string;
  readonly proto: string;
  readonly onRefused: (why: string) => void;
}): Promise<DriverServer> {
  const { pluginregistration } = loadPackageDefinition(
    await load(options.proto, { defaults: true }),
  ) as unknown as {
    pluginregistration: { Registration: ServiceClientConstructor };
  };
  const server = new Server();
  server.addService(
    pluginregistration.Registration.service,
    unary({
      getInfo: () =>
        Promise.resolve({
          type: 'CSIPlugin',
          name: driverName,
          endpoint: options.socket,
          supportedVersions: ['1.0.0'],
        }),
      notifyRegistrationStatus: (status: { pluginRegistered: boolean; error: string }) => {
        if (!status.pluginRegistered) options.onRefused(status.error);
        return Promise.resolve({});
      },
    }),
  );
  return listen(server, options.registration);
}
