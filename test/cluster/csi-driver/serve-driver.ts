/**
 * Serves the CSI driver on a Unix socket: Identity and Controller; also Node and GroupController if a kubelet
 * runs the pods.
 */
import { loadPackageDefinition, Server, type ServiceClientConstructor } from '@grpc/grpc-js';
import { load } from '@grpc/proto-loader';

import { driverName } from '#src/sandbox/storage/driver.ts';

import { controllerService, type ControllerOptions } from './controller-service.ts';
import { groupService, type GroupOptions } from './group-service.ts';
import { listen, unary, type DriverServer } from './grpc.ts';
import { nodeService, type NodeOptions } from './node-service.ts';

export type { DriverServer };

/**
 * `proto` is the path of csi.proto. `node`: the node that it runs on, which sets the volumes' topology, and a
 * function that freezes the node's pods.
 */
export async function serveDriver(
  options: ControllerOptions & {
    readonly socket: string;
    readonly proto: string;
    readonly node?: Omit<NodeOptions, 'storage'> & Pick<GroupOptions, 'freeze'>;
  },
): Promise<DriverServer> {
  const { node, storage, driver } = options;
  const definition = await load(options.proto, {
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const { csi } = loadPackageDefinition(definition) as unknown as {
    csi: { v1: Record<'Identity' | 'Controller' | 'GroupController' | 'Node', ServiceClientConstructor> };
  };
  const server = new Server();
  server.addService(csi.v1.Identity.service, unary(identityService(node !== undefined)));
  server.addService(csi.v1.Controller.service, unary(controllerService(options)));
  if (node) {
    server.addService(csi.v1.Node.service, unary(nodeService({ ...node, storage })));
    server.addService(csi.v1.GroupController.service, unary(groupService({ ...node, driver })));
  }
  return listen(server, options.socket);
}

function identityService(hasNode: boolean) {
  const onNode = ['VOLUME_ACCESSIBILITY_CONSTRAINTS', 'GROUP_CONTROLLER_SERVICE'];
  const types = ['CONTROLLER_SERVICE', ...(hasNode ? onNode : [])];
  return {
    getPluginInfo: () => Promise.resolve({ name: driverName, vendorVersion: '1' }),
    getPluginCapabilities: () =>
      Promise.resolve({ capabilities: types.map((type) => ({ service: { type } })) }),
    probe: () => Promise.resolve({ ready: { value: true } }),
  };
}
