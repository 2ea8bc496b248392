/** The CSI driver: Identity and Controller on a Unix socket. Nothing has to be mounted, so there is no Node service. */
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  status as codes,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServiceClientConstructor,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { load } from '@grpc/proto-loader';

import { driverName } from '#src/sandbox/storage/driver.ts';
import { StorageError, type StorageErrorCode } from '#src/sandbox/storage/storage.ts';

import { controllerService, type ControllerOptions } from './controller-service.ts';

export interface DriverServer {
  close(): void;
}

const codeOf: Readonly<Record<StorageErrorCode, codes>> = {
  NotFound: codes.NOT_FOUND,
  AlreadyExists: codes.ALREADY_EXISTS,
  InvalidArgument: codes.INVALID_ARGUMENT,
  OutOfRange: codes.OUT_OF_RANGE,
  ResourceExhausted: codes.RESOURCE_EXHAUSTED,
  DeadlineExceeded: codes.DEADLINE_EXCEEDED,
  Unavailable: codes.UNAVAILABLE,
  Internal: codes.INTERNAL,
};

/** `proto` is the path of csi.proto; that of the socket must be shorter than 104 characters. */
export async function serveDriver(
  options: ControllerOptions & { readonly socket: string; readonly proto: string },
): Promise<DriverServer> {
  const definition = await load(options.proto, {
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const { csi } = loadPackageDefinition(definition) as unknown as {
    csi: { v1: Record<'Identity' | 'Controller', ServiceClientConstructor> };
  };
  const server = new Server();
  server.addService(csi.v1.Identity.service, unary(identityService));
  server.addService(csi.v1.Controller.service, unary(controllerService(options)));
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${options.socket}`, ServerCredentials.createInsecure(), (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
  return {
    close() {
      server.forceShutdown();
    },
  };
}

const identityService = {
  getPluginInfo: () => Promise.resolve({ name: driverName, vendorVersion: '1' }),
  getPluginCapabilities: () =>
    Promise.resolve({ capabilities: [{ service: { type: 'CONTROLLER_SERVICE' } }] }),
  probe: () => Promise.resolve({ ready: { value: true } }),
};

type Method = (request: never) => Promise<object>;

/** Methods that are missing answer UNIMPLEMENTED. */
function unary(methods: Readonly<Record<string, Method>>): UntypedServiceImplementation {
  const handlers = Object.entries(methods).map(([name, method]) => [
    name,
    (call: ServerUnaryCall<never, object>, done: sendUnaryData<object>) => {
      method(call.request).then(
        (answer) => {
          done(null, answer);
        },
        (error: unknown) => {
          const details = error instanceof Error ? error.message : String(error);
          done({ code: error instanceof StorageError ? codeOf[error.code] : codes.INTERNAL, details });
        },
      );
    },
  ]);
  return Object.fromEntries(handlers) as UntypedServiceImplementation;
}
