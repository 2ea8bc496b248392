/** Writes contents with a hole wherever a block of the file is empty, and finds these blocks. */
import type { FileHandle } from 'node:fs/promises';

import { lengthOf, type Part, type Piece } from '#src/domain/files/sparse.ts';

const blockBytes = 4096;

/** `size`: of the file in the end, undefined: what the contents have. Resolves with the number of bytes of contents. */
export async function writeSparsely(
  file: FileHandle,
  contents: AsyncIterable<Piece>,
  size: number | undefined,
  onBytes: (bytes: number) => void,
): Promise<number> {
  let position = 0;
  for await (const piece of contents) {
    if (Buffer.isBuffer(piece)) await writeFilled(file, piece, position);
    position += lengthOf(piece);
    onBytes(lengthOf(piece));
  }
  await file.truncate(size ?? position);
  return position;
}

async function writeFilled(file: FileHandle, piece: Buffer, position: number): Promise<void> {
  for (const { start, end } of filled(piece)) {
    for (let at = start; at < end;) {
      const { bytesWritten } = await file.write(piece, at, end - at, position + at);
      at += bytesWritten;
    }
  }
}

/** The runs of blocks of a piece that are not all zeros. */
export function filled(piece: Buffer): Part[] {
  const runs: { start: number; end: number }[] = [];
  for (let start = 0; start < piece.length; start += blockBytes) {
    const end = Math.min(start + blockBytes, piece.length);
    if (zeros.compare(piece, start, end, 0, end - start) === 0) continue;
    const last = runs.at(-1);
    if (last?.end === start) last.end = end;
    else runs.push({ start, end });
  }
  return runs;
}

const zeros = Buffer.alloc(blockBytes);
