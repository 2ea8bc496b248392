/** Reads a tar archive as it arrives. */
import type { Readable } from 'node:stream';

import { MapReader, type Part, type Piece } from '#src/domain/files/sparse.ts';
import {
  blockBytes,
  readExtra,
  readHeader,
  readTotal,
  type Member,
  type Pending,
} from '#src/domain/files/tar-header.ts';
import { StashError } from '#src/errors.ts';

import { readBytes, type ByteReader } from './byte-reader.ts';

export interface ArchiveMember {
  readonly member: Member;
  /** To be read to its end before the next member, or not at all. */
  readonly contents: AsyncIterable<Piece>;
}

/** Calls `onTotal` if the archive says how many bytes of contents it has. Rejects with 'server' if it is malformed, or ends too early. */
export async function* readArchive(
  source: Readable,
  onTotal: (bytes: number) => void = () => undefined,
): AsyncGenerator<ArchiveMember, void> {
  const reader = readBytes(source);
  let pending: Pending = {};
  for (;;) {
    const block = await reader.exactly(blockBytes);
    if (block.length < blockBytes) throw cutShort();
    const header = readHeader(block, pending);
    if (header.is === 'end') break;
    if (header.is === 'extra') {
      const data = await reader.exactly(header.size);
      if (data.length < header.size) throw cutShort();
      await reader.exactly(fill(header.size));
      const total = readTotal(header.flag, data);
      if (total !== undefined) onTotal(total);
      pending = readExtra(header.flag, data, pending);
      continue;
    }
    pending = {};
    const { member, stored, isSparse } = header;
    const limited = atMost(reader, stored);
    yield { member, contents: isSparse ? withHoles(limited, member.size) : limited.pieces(stored) };
    // What the caller has not read.
    await limited.skip();
    if ((await reader.exactly(fill(stored))).length < fill(stored)) throw cutShort();
  }
  for (;;) if ((await reader.exactly(blockBytes)).length < blockBytes) return;
}

/** Reads no more than the contents of one member, and rejects if the archive ends before them. */
function atMost(reader: ByteReader, bytes: number): ByteReader & { skip(): Promise<void> } {
  let left = bytes;
  async function* pieces(length: number): AsyncGenerator<Buffer, void> {
    let wanted = Math.min(length, left);
    for await (const piece of reader.pieces(wanted)) {
      wanted -= piece.length;
      left -= piece.length;
      yield piece;
    }
    if (wanted > 0) throw cutShort();
  }
  return {
    pieces,
    async skip() {
      for await (const piece of reader.pieces(left)) left -= piece.length;
      if (left > 0) throw cutShort();
    },
    async exactly(length) {
      const found: Buffer[] = [];
      for await (const piece of pieces(length)) found.push(piece);
      return Buffer.concat(found);
    },
  };
}

/** The contents of a file that are stored as a map and the parts that it names. */
async function* withHoles(reader: ByteReader, size: number): AsyncGenerator<Piece, void> {
  const map = new MapReader(size);
  let parts: Part[] | undefined;
  while (parts === undefined) {
    const block = await reader.exactly(blockBytes);
    if (block.length < blockBytes) throw cutShort();
    parts = map.add(block);
  }
  let position = 0;
  for (const { start, end } of parts) {
    if (start > position) yield { hole: start - position };
    position = start;
    for await (const piece of reader.pieces(end - start)) {
      position += piece.length;
      yield piece;
    }
    if (position < end) throw cutShort();
  }
  if (size > position) yield { hole: size - position };
}

function fill(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

/** Why an archive or an image cannot be read whose sender has died. */
export const endsTooEarly = 'what the pod sends ends too early';

function cutShort(): StashError {
  return new StashError('server', endsTooEarly);
}
