import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';

import { WebSocket, WebSocketServer } from 'ws';

import { serveExec } from '#src/sandbox/api-server/http/exec.ts';

test('all output of a command arrives ahead of its exit status', async () => {
  // More than the kernel takes at once.
  const lines = Array.from({ length: 32 }, (_, n) => `line ${n} ${'x'.repeat(1024 * 1024)}\n`);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    void serveExec(
      {
        ...{ command: ['seq'], stdin: false, stdout: true, stderr: true, tty: false },
        start: ({ stdout, stderr }) => {
          for (const line of lines) stdout.write(line);
          stderr.write('that is all');
          return Promise.resolve(3);
        },
      },
      socket,
    );
  });
  try {
    const { port } = server.address() as AddressInfo;
    const client = new WebSocket(`ws://127.0.0.1:${port}`, 'v5.channel.k8s.io');
    const said: Record<number, string> = {};
    let status: string | undefined;
    client.on('message', (data: Buffer) => {
      const [channel = 0] = data;
      const text = data.subarray(1).toString();
      assert.equal(status, undefined, `channel ${channel} after the exit status`);
      if (channel === 3) status = text;
      else said[channel] = `${said[channel] ?? ''}${text}`;
    });
    await once(client, 'close');
    assert.ok(said[1] === lines.join(''), `${said[1]?.length} characters of stdout`);
    assert.equal(said[2], 'that is all');
    assert.match(status ?? '', /ExitCode/);
  } finally {
    sockets.close();
    server.close();
  }
});
