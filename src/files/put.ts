/** Writes to a stream no faster than it takes the data. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';

import type { Piece } from '#src/domain/files/sparse.ts';

/** Resolves when the stream takes more data. Rejects if it breaks. */
export async function put(out: Writable, data: Buffer | string): Promise<void> {
  if (out.errored) throw out.errored;
  if (!out.write(data)) await once(out, 'drain');
}

/** Writes the zeros of a hole, too. */
export async function putPiece(out: Writable, piece: Piece): Promise<void> {
  if (Buffer.isBuffer(piece)) {
    await put(out, piece);
    return;
  }
  for (let left = piece.hole; left > 0; left -= zeros.length) await put(out, zeros.subarray(0, left));
}

const zeros = Buffer.alloc(256 * 1024);
