/** Reads a stream in pieces of given lengths. */
import type { Readable } from 'node:stream';

export interface ByteReader {
  /** Resolves with exactly so many bytes; with fewer only at the end of the stream. */
  exactly(length: number): Promise<Buffer>;
  /** Yields exactly so many bytes, in pieces as they come; fewer only at the end of the stream. */
  pieces(length: number): AsyncGenerator<Buffer, void>;
}

export function readBytes(source: Readable): ByteReader {
  const chunks: AsyncIterator<Buffer> = source[Symbol.asyncIterator]();
  let rest = Buffer.alloc(0);

  async function* pieces(length: number): AsyncGenerator<Buffer, void> {
    for (let left = length; left > 0;) {
      if (rest.length === 0) {
        const next = await chunks.next();
        if (next.done === true) return;
        rest = Buffer.from(next.value);
        continue;
      }
      const piece = rest.subarray(0, left);
      rest = rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  return {
    pieces,
    async exactly(length) {
      if (length <= rest.length) {
        const piece = rest.subarray(0, length);
        rest = rest.subarray(length);
        return piece;
      }
      const found: Buffer[] = [];
      for await (const piece of pieces(length)) found.push(piece);
      return Buffer.concat(found);
    },
  };
}
