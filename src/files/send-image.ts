/** Writes the contents of a block device, without its empty blocks. */
import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';

import { writeFrame } from '#src/domain/files/image-frame.ts';

import { put } from './put.ts';
import { filled } from './write-sparsely.ts';

const pieceBytes = 1024 * 1024;

/** Rejects as the device does, and if `out` breaks. */
export async function sendImage(device: string, out: Writable): Promise<void> {
  await using file = await open(device, 'r');
  /** Where the data ends that was sent. */
  let sent = 0;
  let position = 0;
  for (;;) {
    const piece = Buffer.alloc(pieceBytes);
    const { bytesRead } = await file.read(piece, 0, pieceBytes, position);
    if (bytesRead === 0) break;
    for (const { start, end } of filled(piece.subarray(0, bytesRead))) {
      await put(out, writeFrame({ hole: position + start - sent, length: end - start }));
      await put(out, piece.subarray(start, end));
      sent = position + end;
    }
    position += bytesRead;
  }
  await put(out, writeFrame({ hole: position - sent, length: 0 }));
}
