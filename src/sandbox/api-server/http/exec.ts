/**
 * `kubectl exec` over a WebSocket: the first byte of each message is its channel.
 * 0 stdin, 1 stdout, 2 stderr, 3 exit status, 4 terminal size; 255 of `v5.channel.k8s.io` means "channel n is
 * closed".
 */
import { PassThrough, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';

import type { RawData, WebSocket } from 'ws';

import { isDeepStrictEqual } from 'node:util';

import type { PodRuntime, StartExec } from '../pod-runtime.ts';
import { badRequest, notImplemented } from '../status.ts';
import { exitedEnd, unstartedEnd, type ExecProtocol } from './exec-end.ts';
import { isTrue } from './request.ts';

export const execProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
] as const satisfies readonly ExecProtocol[];

/**
 * Returns the preferred protocol among those that the client offers, in any order; undefined if none is
 * supported.
 */
export function chooseExecProtocol(offered: ReadonlySet<string>): ExecProtocol | undefined {
  return execProtocols.find((protocol) => offered.has(protocol));
}

export interface Exec {
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
  readonly start: StartExec;
}

/** Throws the error that is answered in place of an upgrade. */
export function openExec(
  runtime: PodRuntime | undefined,
  at: { readonly namespace: string; readonly pod: string; readonly container: string },
  query: URLSearchParams,
): Exec {
  const command = query.getAll('command');
  const wanted = (stream: string): boolean => isTrue(query.get(stream));
  const [stdin, stdout, tty] = [wanted('stdin'), wanted('stdout'), wanted('tty')];
  const stderr = wanted('stderr') && !tty;
  if (!stdin && !stdout && !stderr) throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  if (command.length === 0) throw badRequest('you must specify at least 1 command for the container');
  if (!runtime) throw notImplemented('exec: there is no node');
  return { command, stdin, stdout, stderr, tty, start: runtime.openExec(at) };
}

/** Runs the command and closes the socket when the command ends. Ends the command when the socket closes. */
export async function serveExec(exec: Exec, socket: WebSocket): Promise<void> {
  const protocol: ExecProtocol = execProtocols.find((it) => it === socket.protocol) ?? execProtocols[0];
  const gone = new AbortController();
  const stdin = exec.stdin ? new PassThrough() : undefined;
  socket.on('message', (data: RawData) => {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
    if (bytes[0] === 0) stdin?.write(bytes.subarray(1));
    else if (protocol === 'v5.channel.k8s.io' && isDeepStrictEqual([...bytes], [255, 0])) stdin?.end();
  });
  socket.once('close', () => {
    gone.abort();
    stdin?.destroy();
  });
  socket.on('error', () => {
    socket.terminate();
  });
  // An empty message tells the client that the connection is up.
  send(socket, exec.stdout ? 1 : exec.stderr ? 2 : 3, Buffer.of());
  const stdout = exec.stdout ? channel(socket, 1) : discard();
  const stderr = exec.stderr ? channel(socket, 2) : discard();
  const end = await exec
    .start({
      command: exec.command,
      stdin,
      stdout,
      stderr,
      tty: exec.tty,
      signal: gone.signal,
    })
    .then(
      (exitCode) => exitedEnd(protocol, exitCode, exec.command),
      (error: unknown) => unstartedEnd(protocol, error instanceof Error ? error.message : String(error)),
    );
  // A client stops reading at the exit status.
  await Promise.all([stdout, stderr].map((output) => finished(output.end())));
  send(socket, 3, Buffer.from(JSON.stringify(end)));
  socket.close(1000);
}

function channel(socket: WebSocket, number: number): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      send(socket, number, chunk, done);
    },
  });
}

function discard(): Writable {
  return new Writable({
    write(_chunk, _encoding, done) {
      done();
    },
  });
}

/** Sends a chunk; drops it if the client has gone. */
function send(socket: WebSocket, number: number, bytes: Buffer, done: () => void = () => undefined): void {
  if (socket.readyState !== socket.OPEN) {
    done();
    return;
  }
  socket.send(Buffer.concat([Buffer.from([number]), bytes]), () => {
    done();
  });
}
