/** Answers a refused upgrade. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

import { ApiError, statusOf } from '../status.ts';

/** An API server answers its own refusals as a Status, and passes on the plain text of a kubelet. */
export function refuse(socket: Duplex, error: unknown): void {
  if (!(error instanceof ApiError)) {
    refuseAsKubelet(socket, error);
    return;
  }
  const status = statusOf(error);
  answer(socket, status.code, 'application/json', JSON.stringify(status));
}

export function refuseAsKubelet(socket: Duplex, error: unknown): void {
  const { code, message = '' } = statusOf(error);
  answer(socket, code, 'text/plain', message);
}

function answer(socket: Duplex, code: number, type: string, body: string): void {
  socket.end(
    `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}\r\ncontent-type: ${type}\r\nconnection: close\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
