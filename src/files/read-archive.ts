/** Reads a tar archive as it arrives. */
import type { Readable } from 'node:stream';

import {
  blockBytes,
  readExtra,
  readHeader,
  readTotal,
  type Member,
  type Pending,
} from '#src/domain/files/tar-header.ts';
import { StashError } from '#src/errors.ts';

import { readBytes } from './byte-reader.ts';

export interface ArchiveMember {
  readonly member: Member;
  /** To be read to its end before the next member, or not at all. */
  readonly contents: AsyncIterable<Buffer>;
}

/** Calls `onTotal` where the archive says how many bytes of contents it has. Rejects with 'server' where it is malformed, or ends too early. */
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
    const { size } = header.member;
    let left = size;
    const contents = (async function* () {
      for await (const piece of reader.pieces(left)) {
        left -= piece.length;
        yield piece;
      }
      if (left > 0) throw cutShort();
    })();
    yield { member: header.member, contents };
    // What the caller has not read.
    for await (const piece of reader.pieces(left)) left -= piece.length;
    if (left > 0 || (await reader.exactly(fill(size))).length < fill(size)) throw cutShort();
  }
  for (;;) if ((await reader.exactly(blockBytes)).length < blockBytes) return;
}

function fill(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

/** Why an archive cannot be read whose sender has died. */
export const endsTooEarly = 'the archive from the pod ends too early';

function cutShort(): StashError {
  return new StashError('server', endsTooEarly);
}
