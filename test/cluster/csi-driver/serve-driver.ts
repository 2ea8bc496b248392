/** The CSI driver on a Unix socket: Identity and Controller, and Node where a kubelet mounts what pods use. */
import { loadPackageDefinition, Server, type ServiceClientConstructor } from '@grpc/grpc-js';
import { load } from '@grpc/proto-loader';

import { driverName } from '#src/sandbox/storage/driver.ts';

import { controllerService, type ControllerOptions } from './controller-service.ts';
import { listen, unary, type DriverServer } from './grpc.ts';
import { nodeService, type NodeOptions } from './node-service.ts';

export type { DriverServer };

/** `proto` is the path of csi.proto. `node`: the node that it runs on, whose topology volumes then have. */
export async function serveDriver(
  options: ControllerOptions & {
    readonly socket: string;
    readonly proto: string;
    readonly node?: Omit<NodeOptions, 'storage'>;
  },
): Promise<DriverServer> {
  const { node, storage } = options;
  const definition = await load(options.proto, {
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const { csi } = loadPackageDefinition(definition) as unknown as {
    csi: { v1: Record<'Identity' | 'Controller' | 'Node', ServiceClientConstructor> };
  };
  const server = new Server();
  server.addService(csi.v1.Identity.service, unary(identityService(node !== undefined)));
  server.addService(csi.v1.Controller.service, unary(controllerService(options)));
  if (node) server.addService(csi.v1.Node.service, unary(nodeService({ ...node, storage })));
  return listen(server, options.socket);
}

function identityService(hasTopology: boolean) {
  const types = ['CONTROLLER_SERVICE', ...(hasTopology ? ['VOLUME_ACCESSIBILITY_CONSTRAINTS'] : [])];
  return {
    getPluginInfo: () => Promise.resolve({ name: driverName, vendorVersion: '1' }),
    getPluginCapabilities: () =>
      Promise.resolve({ capabilities: types.map((type) => ({ service: { type } })) }),
    probe: () => Promise.resolve({ ready: { value: true } }),
  };
}
