/** Reads the contents of a block device as they arrive. */
import type { Readable } from 'node:stream';

import { frameHeaderBytes, readFrame } from '#src/domain/files/image-frame.ts';
import type { Piece } from '#src/domain/files/sparse.ts';
import { StashError } from '#src/errors.ts';

import { readBytes } from './byte-reader.ts';
import { endsTooEarly } from './read-archive.ts';

/** Rejects with 'server' if they are malformed, or end too early. */
export async function* readImage(source: Readable): AsyncGenerator<Piece, void> {
  const reader = readBytes(source);
  for (;;) {
    const header = await reader.exactly(frameHeaderBytes);
    if (header.length < frameHeaderBytes) throw new StashError('server', endsTooEarly);
    const { hole, length } = readFrame(header);
    if (hole > 0) yield { hole };
    if (length === 0) break;
    let left = length;
    for await (const piece of reader.pieces(length)) {
      left -= piece.length;
      yield piece;
    }
    if (left > 0) throw new StashError('server', endsTooEarly);
  }
  // The command that sends them ends after its last byte was read.
  while ((await reader.exactly(frameHeaderBytes)).length > 0);
}
