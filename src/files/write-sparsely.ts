/** Writes contents with a hole wherever a block of the file is empty. */
import type { FileHandle } from 'node:fs/promises';

const blockBytes = 4096;

/** `size`: of the file in the end, undefined: what the contents have. Resolves with the number of bytes of contents. */
export async function writeSparsely(
  file: FileHandle,
  contents: AsyncIterable<Buffer>,
  size: number | undefined,
  onBytes: (bytes: number) => void,
): Promise<number> {
  let position = 0;
  for await (const piece of contents) {
    for (const { start, end } of filled(piece)) {
      for (let at = start; at < end;) {
        const { bytesWritten } = await file.write(piece, at, end - at, position + at);
        at += bytesWritten;
      }
    }
    position += piece.length;
    onBytes(piece.length);
  }
  await file.truncate(size ?? position);
  return position;
}

/** The runs of blocks of a piece that are not all zeros. */
function filled(piece: Buffer): { readonly start: number; readonly end: number }[] {
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
