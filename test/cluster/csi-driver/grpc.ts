/** gRPC services on a Unix socket. */
import {
  ServerCredentials,
  status as codes,
  type sendUnaryData,
  type Server,
  type ServerUnaryCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

import { StorageError, type StorageErrorCode } from '#src/sandbox/storage/storage.ts';

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

type Method = (request: never) => Promise<object>;

/** Methods that are missing answer UNIMPLEMENTED. */
export function unary(methods: Readonly<Record<string, Method>>): UntypedServiceImplementation {
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

/** `path` must have fewer than 104 characters. */
export async function listen(server: Server, path: string): Promise<DriverServer> {
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) => {
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
