/**
 * The parts of a file that are not holes: which of them are sent, and the map that precedes them in an archive, in the form that GNU tar
 * calls "PAX format, version 1.0".
 */
import { StashError } from '#src/errors.ts';

/** Bytes; parts are in order and do not overlap. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** Contents as they travel: bytes, or as many zeros as a hole has. */
export type Piece = Buffer | { readonly hole: number };

export function lengthOf(piece: Piece): number {
  return 'hole' in piece ? piece.hole : piece.length;
}

/** A shorter hole is not worth an entry in the map. */
const leastHole = 64 * 1024;
/** So many entries at most: the map is kept in memory on both sides. */
const mostParts = 100_000;

/** How long a hole must be, in a file of `size` bytes, for the map to tell of it. */
export function worthwhileHole(size: number): number {
  return Math.max(leastHole, Math.ceil(size / mostParts));
}

/** Adds a part at the end; what lies closer to the last one than `hole` bytes belongs to it. */
export function addPart(parts: Part[], part: Part, hole: number): void {
  const last = parts.at(-1);
  if (last !== undefined && part.start - last.end < hole)
    parts[parts.length - 1] = { start: last.start, end: part.end };
  else parts.push(part);
}

export function bytesOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** Not filled up to whole blocks of the archive. An empty part at the end of the file tells its size to programs that need that. */
export function writeMap(parts: readonly Part[], size: number): Buffer {
  const all = parts.at(-1)?.end === size ? parts : [...parts, { start: size, end: size }];
  const numbers = [all.length, ...all.flatMap(({ start, end }) => [start, end - start])];
  return Buffer.from(numbers.map((number) => `${number}\n`).join(''));
}

/** Reads a map, number by number, as its blocks arrive. */
export class MapReader {
  readonly #size: number;
  readonly #numbers: number[] = [];
  #rest = '';

  /** `size`: of the file. */
  constructor(size: number) {
    this.#size = size;
  }

  /** Returns the parts once the map is complete; what follows it in its last block is filling. Throws 'server' if it is malformed. */
  add(block: Buffer): Part[] | undefined {
    const lines = (this.#rest + block.toString('latin1')).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!/^\d{1,16}$/.test(line)) throw malformed();
      this.#numbers.push(Number(line));
      const [count = 0] = this.#numbers;
      if (count > mostParts + 1) throw malformed();
      if (this.#numbers.length === 1 + 2 * count) return this.#parts();
    }
    if (this.#rest.length > 16) throw malformed();
    return undefined;
  }

  #parts(): Part[] {
    const parts: Part[] = [];
    let before = 0;
    for (let at = 1; at < this.#numbers.length; at += 2) {
      const [start = 0, length = 0] = this.#numbers.slice(at, at + 2);
      if (start < before || start + length > this.#size) throw malformed();
      before = start + length;
      if (length > 0) parts.push({ start, end: before });
    }
    return parts;
  }
}

function malformed(): StashError {
  return new StashError(
    'server',
    'the pod sent an archive that cannot be read: the map of a file is malformed',
  );
}
