/**
 * `kubectl exec` over a WebSocket, protocol `v5.channel.k8s.io`: each message begins with its channel.
 * 0 stdin, 1 stdout, 2 stderr, 3 the final Status, 4 terminal size, 255 "channel n is closed".
 */
import { PassThrough, Writable } from 'node:stream';

import type { RawData, WebSocket } from 'ws';

import { isDeepStrictEqual } from 'node:util';

import type { Status } from '#src/api/kubernetes.ts';

import type { PodRuntime } from '../pod-runtime.ts';
import { badRequest, notImplemented, statusOf } from '../status.ts';
import { isTrue, type ResourceRequest } from './request.ts';

export const execProtocols: readonly string[] = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** Runs the command and closes the socket when it has ended; the command ends when the socket closes. */
export async function serveExec(
  runtime: PodRuntime | undefined,
  { namespace = '', name = '', query }: Pick<ResourceRequest, 'namespace' | 'name' | 'query'>,
  socket: WebSocket,
): Promise<void> {
  const gone = new AbortController();
  const stdin = isTrue(query.get('stdin')) ? new PassThrough() : undefined;
  socket.on('message', (data: RawData) => {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
    if (bytes[0] === 0) stdin?.write(bytes.subarray(1));
    else if (isDeepStrictEqual([...bytes], [255, 0])) stdin?.end();
  });
  socket.once('close', () => {
    gone.abort();
    stdin?.destroy();
  });
  socket.on('error', () => {
    socket.terminate();
  });
  try {
    const command = query.getAll('command');
    if (!runtime) throw notImplemented('exec: there is no node');
    if (command.length === 0) throw badRequest('you must specify at least 1 command for the container');
    const exitCode = await runtime.exec({
      namespace,
      pod: name,
      container: query.get('container') ?? undefined,
      command,
      stdin,
      stdout: channel(socket, 1),
      stderr: channel(socket, 2),
      tty: isTrue(query.get('tty')),
      signal: gone.signal,
    });
    send(socket, 3, Buffer.from(JSON.stringify(exitStatus(exitCode))));
  } catch (error) {
    send(socket, 3, Buffer.from(JSON.stringify(statusOf(error))));
  }
  socket.close(1000);
}

function channel(socket: WebSocket, number: number): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      send(socket, number, chunk, done);
    },
  });
}

/** Chunks that come after the client has gone are dropped. */
function send(socket: WebSocket, number: number, bytes: Buffer, done: () => void = () => undefined): void {
  if (socket.readyState !== socket.OPEN) {
    done();
    return;
  }
  socket.send(Buffer.concat([Buffer.from([number]), bytes]), () => {
    done();
  });
}

function exitStatus(code: number): Status {
  const base = { kind: 'Status', apiVersion: 'v1', metadata: {} } as const;
  if (code === 0) return { ...base, status: 'Success' };
  return {
    ...base,
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}
