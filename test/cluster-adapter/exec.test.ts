import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

import { WebSocketServer, type WebSocket } from 'ws';

import type { ExecRequest } from '#src/cluster/port.ts';

import { adapter, rejection } from './adapter.ts';
import { status } from './scripted-api.ts';
import { serve } from './serve.ts';

// A kubelet leaves out the kind, and only version 5 of the protocol has metadata.
const success = { metadata: {}, status: 'Success' };
const exited = (code: number) => ({
  status: 'Failure',
  message: `command terminated with non-zero exit code: command terminated with exit code ${code}`,
  reason: 'NonZeroExitCode',
  details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
});

interface Kubelet extends AsyncDisposable {
  readonly url: string;
  readonly asked: string[];
}

function send(socket: WebSocket, channel: number, data: string): void {
  socket.send(Buffer.concat([Buffer.of(channel), Buffer.from(data)]));
}

async function kubelet(protocol: string, play: (socket: WebSocket) => void): Promise<Kubelet> {
  const asked: string[] = [];
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    handleProtocols: (offered) => (offered.has(protocol) ? protocol : false),
  });
  server.on('connection', (socket, request) => {
    asked.push(request.url ?? '');
    play(socket);
  });
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of server.clients) socket.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}

async function run(
  url: string,
  more: Partial<ExecRequest> = {},
): Promise<[code: number, out: string, err: string]> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const request = { namespace: 'demo', pod: 'web-0', command: ['sh', '-c', 'a b'], stdout, stderr, ...more };
  const code = await adapter(url).exec(request);
  stdout.end();
  stderr.end();
  return [code, await text(stdout), await text(stderr)];
}

for (const protocol of ['v5.channel.k8s.io', 'v4.channel.k8s.io']) {
  test(`${protocol}: output, error output, exit code`, async () => {
    await using node = await kubelet(protocol, (socket) => {
      send(socket, 1, '');
      send(socket, 1, 'hello ');
      send(socket, 2, 'oops');
      send(socket, 1, 'world');
      send(socket, 3, JSON.stringify(exited(7)));
      socket.close();
    });
    assert.deepEqual(await run(node.url, { container: 'main' }), [7, 'hello world', 'oops']);
    assert.deepEqual(node.asked, [
      '/api/v1/namespaces/demo/pods/web-0/exec?command=sh&command=-c&command=a+b&container=main&stdin=false&stdout=true&stderr=true',
    ]);
  });
}

test('the end of a command, as kubelets and API servers of every version report it', async () => {
  const ends = [
    [success, 0],
    [{ status: 'Success' }, 0],
    [{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }, 0],
    [exited(3), 3],
    [{ metadata: {}, ...exited(3) }, 3],
    [{ kind: 'Status', apiVersion: 'v1', metadata: {}, ...exited(137), code: 500 }, 137],
  ] as const;
  for (const [frame, code] of ends) {
    await using node = await kubelet('v5.channel.k8s.io', (socket) => {
      // A message without content announces the connection.
      send(socket, 1, '');
      send(socket, 3, '');
      send(socket, 3, JSON.stringify(frame));
      socket.close();
    });
    assert.deepEqual(await run(node.url), [code, '', ''], JSON.stringify(frame));
  }
});

test('an end that is not a Status is an error that quotes it', async () => {
  const where = 'sh in pods "web-0" in namespace "demo"';
  const long = `{"phase":"${'x'.repeat(2000)}"}`;
  const ends = [
    ['{"phase":"Done"}', `the server ended ${where} with an invalid status: {"phase":"Done"}`],
    ['null', `the server ended ${where} with an invalid status: null`],
    ['["Success"]', `the server ended ${where} with an invalid status: ["Success"]`],
    ['oh \u001b[31mno\n', `the server ended ${where} with an invalid status: oh no`],
    [long, `the server ended ${where} with an invalid status: ${long.slice(0, 199)}…`],
  ] as const;
  for (const [frame, message] of ends) {
    await using node = await kubelet('v5.channel.k8s.io', (socket) => {
      send(socket, 3, frame);
      socket.close();
    });
    const error = await rejection(run(node.url));
    assert.deepEqual([error.kind, error.message], ['server', message]);
  }
});

test('stdin is transferred, and its end if the protocol can signal it', async () => {
  await using node = await kubelet('v5.channel.k8s.io', (socket) => {
    let input = '';
    socket.on('message', (data: Buffer) => {
      if (data[0] === 0) input += data.subarray(1).toString();
      if (data[0] !== 255) return;
      send(socket, 1, input.toUpperCase());
      send(socket, 3, JSON.stringify(success));
    });
  });
  assert.deepEqual(await run(node.url, { stdin: Readable.from(['some ', 'input']) }), [0, 'SOME INPUT', '']);
});

test('a slow reader gets the whole output before the exit code', async () => {
  const chunk = 'x'.repeat(50_000);
  await using node = await kubelet('v5.channel.k8s.io', (socket) => {
    for (let n = 0; n < 20; n++) send(socket, 1, chunk);
    send(socket, 3, JSON.stringify(success));
    socket.close();
  });
  let length = 0;
  const stdout = new Writable({
    write(data: Buffer, _encoding, done) {
      length += data.length;
      setImmediate(done);
    },
  });
  assert.equal(
    await adapter(node.url).exec({
      namespace: 'demo',
      pod: 'web-0',
      command: ['cat'],
      stdout,
      stderr: stdout,
    }),
    0,
  );
  assert.equal(length, 1_000_000);
});

test('a command that cannot start, a lost connection, a missing pod', async () => {
  const why =
    'error executing command in container: failed to exec in container: failed to start exec "5f": ' +
    'OCI runtime exec failed: exec failed: unable to start container process: ' +
    'exec: "nope": executable file not found in $PATH: unknown';
  const internal = { status: 'Failure', message: `Internal error occurred: ${why}`, reason: 'InternalError' };
  await using broken = await kubelet('v5.channel.k8s.io', (socket) => {
    send(socket, 3, JSON.stringify({ metadata: {}, ...internal, code: 500 }));
  });
  const unstarted = await rejection(run(broken.url));
  assert.deepEqual(
    [unstarted.kind, unstarted.message],
    ['precondition', `cannot run sh in pods "web-0" in namespace "demo": Internal error occurred: ${why}`],
  );
  await using cut = await kubelet('v5.channel.k8s.io', (socket) => {
    socket.terminate();
  });
  const lost = await rejection(run(cut.url));
  assert.deepEqual(
    [lost.kind, lost.message],
    ['unreachable', 'connection lost while running sh in pods "web-0" in namespace "demo"'],
  );
  await using api = await serve(() => ({}));
  api.server.on('upgrade', (_request, socket) => {
    const body = JSON.stringify(
      status(404, 'NotFound', 'pods "web-0" not found', { name: 'web-0', kind: 'pods' }),
    );
    socket.end(`HTTP/1.1 404 Not Found\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  });
  const missing = await rejection(run(api.url));
  assert.deepEqual(
    [missing.reason, missing.message],
    ['NotFound', 'pods "web-0" not found in namespace "demo"'],
  );
});

test('a container that is not running, as the kubelet and the API server in front of it report it', async () => {
  const kubeletSays = 'container not found ("main")';
  await using api = await serve(() => ({}));
  api.server.on('upgrade', (_request, socket) => {
    socket.end(
      `HTTP/1.1 500 Internal Server Error\r\nContent-Length: ${kubeletSays.length}\r\n\r\n${kubeletSays}`,
    );
  });
  await using translating = await kubelet('v5.channel.k8s.io', (socket) => {
    const message = `Internal error occurred: unable to upgrade connection: ${kubeletSays}`;
    send(socket, 3, JSON.stringify({ metadata: {}, status: 'Failure', message, code: 500 }));
  });
  await using wrapping = await serve(() => ({}));
  wrapping.server.on('upgrade', (_request, socket) => {
    const body = JSON.stringify(status(500, 'InternalError', kubeletSays));
    socket.end(`HTTP/1.1 500 Internal Server Error\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  });
  for (const url of [api.url, translating.url, wrapping.url]) {
    const error = await rejection(run(url, { container: 'main' }));
    assert.equal(error.kind, 'not-found');
    assert.match(error.message, /container not found \("main"\)$/);
  }
});

test('a pod that the kubelet does not know yet after its restart', async () => {
  const kubeletSays = 'pod does not exist';
  await using api = await serve(() => ({}));
  api.server.on('upgrade', (_request, socket) => {
    socket.end(`HTTP/1.1 404 Not Found\r\nContent-Length: ${kubeletSays.length}\r\n\r\n${kubeletSays}`);
  });
  const error = await rejection(run(api.url));
  assert.deepEqual(
    [error.kind, error.message],
    ['not-found', 'cannot run sh in pods "web-0" in namespace "demo": pod does not exist'],
  );
});

test('an abort ends the command', async () => {
  const aborted = new AbortController();
  await using node = await kubelet('v5.channel.k8s.io', () => {
    aborted.abort();
  });
  assert.equal((await rejection(run(node.url, { signal: aborted.signal }))).kind, 'interrupted');
});

test('a terminal: one output, and its size at the beginning and after each change', async () => {
  const sizes: string[] = [];
  await using node = await kubelet('v5.channel.k8s.io', (socket) => {
    socket.on('message', (data: Buffer) => {
      if (data[0] !== 4) return;
      sizes.push(data.subarray(1).toString());
      if (sizes.length === 1) send(socket, 1, '$ ');
      else send(socket, 3, JSON.stringify(exited(5)));
    });
  });
  let columns = 80;
  let resized: () => void = () => undefined;
  let ended = false;
  const stdout = new PassThrough();
  stdout.once('data', () => {
    columns = 120;
    resized();
  });
  const terminal: ExecRequest['terminal'] = {
    size: () => ({ columns, rows: 24 }),
    onResize: (listener, signal) => {
      resized = listener;
      signal.addEventListener('abort', () => (ended = true));
    },
  };
  const streams = { stdin: new PassThrough(), stdout, stderr: new PassThrough() };
  const code = await adapter(node.url).exec({
    namespace: 'demo',
    pod: 'web-0',
    command: ['sh'],
    ...streams,
    terminal,
  });
  assert.equal(code, 5);
  assert.deepEqual(sizes, ['{"Width":80,"Height":24}', '{"Width":120,"Height":24}']);
  assert.match(node.asked[0] ?? '', /stdin=true&stdout=true&stderr=false&tty=true$/);
  assert.ok(ended);
});
