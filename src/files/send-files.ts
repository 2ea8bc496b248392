/** Writes a file or a directory of a volume as a tar archive. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  opendirSync,
  openSync,
  readlinkSync,
  readSync,
  type Dir,
  type Stats,
} from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Writable } from 'node:stream';

import { lastPart } from '#src/domain/files/claim-path.ts';
import { addPart, bytesOf, worthwhileHole, writeMap, type Part } from '#src/domain/files/sparse.ts';
import {
  endOfArchive,
  padding,
  writeHeader,
  writeSparseHeader,
  writeTotal,
  type Member,
} from '#src/domain/files/tar-header.ts';

import { breather } from './breather.ts';
import { inside, isErrno, isMissing } from './inside.ts';
import { put, putPiece } from './put.ts';
import { filled } from './write-sparsely.ts';

export interface SendFiles {
  /** The volume's directory. */
  readonly root: string;
  /** See `claimPath`. */
  readonly path: string;
  readonly out: Writable;
  /** Called for what cannot be sent, with the reason. */
  readonly onProblem: (path: Buffer, why: string) => void;
}

const pieceBytes = 256 * 1024;
/** Files with several names are sent once, as long as they are so few. */
const mostLinked = 100_000;
const nothing = Buffer.alloc(0);
/** A file of up to so many bytes is read with synchronous calls (ADR 36). */
const smallFile = 64 * 1024;
/** An application may put a link or a pipe in the place of a file at any time: neither is followed or waited for. */
const regularOnly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * The name of the file, or of the directory, begins the name of each member; `.` for the whole volume. Rejects as `inside`, and if `out`
 * breaks.
 */
export async function sendFiles({ root, path, out, onProblem }: SendFiles): Promise<void> {
  const linked = new Map<string, Buffer>();
  const breathe = breather();

  async function send(file: Buffer, name: Buffer): Promise<void> {
    const stats = lstatSync(file);
    if (stats.isDirectory()) await sendDirectory(file, name, stats);
    else if (stats.isSymbolicLink()) {
      const link = readlinkSync(file, { encoding: 'buffer' });
      await put(out, writeHeader({ ...memberOf(name, stats), type: 'symlink', link }));
    } else if (stats.isFile()) await sendFile(file, name, stats);
    else await put(out, writeHeader({ ...memberOf(name, stats), type: 'other' }));
  }

  async function sendDirectory(file: Buffer, name: Buffer, stats: Stats): Promise<void> {
    // Opened first: a directory that cannot be read is not sent as an empty one.
    const entries = openDirectory(file);
    const directory = Buffer.concat([name, Buffer.from('/')]);
    await put(out, writeHeader({ ...memberOf(directory, stats), type: 'directory' }));
    for (const own of namesIn(entries)) {
      await sendOrTell(Buffer.concat([file, Buffer.from('/'), own]), Buffer.concat([directory, own]));
      await breathe();
    }
  }

  async function sendOrTell(file: Buffer, name: Buffer): Promise<void> {
    try {
      await send(file, name);
    } catch (error) {
      if (isErrno(error, 'EACCES', 'EPERM')) onProblem(name, 'permission denied');
      else if (isMissing(error)) onProblem(name, 'it is gone');
      else if (isErrno(error, 'ENAMETOOLONG')) onProblem(name, 'its path is too long');
      else throw error;
    }
  }

  async function sendFile(file: Buffer, name: Buffer, found: Stats): Promise<void> {
    const { dev, ino, nlink, size } = found;
    const key = `${dev} ${ino}`;
    const first = nlink > 1 ? linked.get(key) : undefined;
    if (first === undefined && size <= smallFile && !hasHoles(found)) {
      const small = readSmall(file);
      if (small) {
        if (nlink > 1 && linked.size < mostLinked) linked.set(key, name);
        const member = { ...memberOf(name, small.stats), type: 'file', size: small.contents.length } as const;
        await put(out, Buffer.concat([writeHeader(member), small.contents, padding(member.size)]));
        return;
      }
    }
    await using handle = await open(file, regularOnly);
    const stats = await handle.stat();
    if (first !== undefined) {
      await put(out, writeHeader({ ...memberOf(name, stats), type: 'hard-link', link: first }));
      return;
    }
    if (nlink > 1 && linked.size < mostLinked) linked.set(key, name);
    const member = { ...memberOf(name, stats), type: 'file', size: stats.size } as const;
    const parts = hasHoles(stats) ? await partsOf(handle, stats.size) : [{ start: 0, end: stats.size }];
    const bytes = bytesOf(parts);
    if (bytes === stats.size) await put(out, writeHeader(member));
    else {
      const map = writeMap(parts, stats.size);
      const filling = padding(map.length);
      await put(out, writeSparseHeader(member, map.length + filling.length + bytes));
      await put(out, map);
      await put(out, filling);
    }
    for (const { start, end } of parts) await sendPart(handle, name, start, end);
    await put(out, padding(bytes));
  }

  async function sendPart(handle: FileHandle, name: Buffer, start: number, end: number): Promise<void> {
    const piece = Buffer.alloc(Math.min(pieceBytes, end - start));
    for (let at = start; at < end;) {
      const { bytesRead } = await handle.read(piece, 0, Math.min(end - at, piece.length), at);
      // The file has become shorter: the archive says otherwise.
      if (bytesRead === 0) {
        onProblem(name, 'it became shorter while it was read');
        await putPiece(out, { hole: end - at });
        return;
      }
      await put(out, Buffer.from(piece.subarray(0, bytesRead)));
      at += bytesRead;
    }
  }

  const top = await inside(root, path);
  await put(out, writeTotal(await bytesBelow(Buffer.from(top))));
  await send(Buffer.from(top), Buffer.from(lastPart(path) ?? '.'));
  await put(out, endOfArchive);
}

/** Whether the file takes less space than it has bytes. */
function hasHoles({ size, blocks }: Stats): boolean {
  return blocks * 512 < size;
}

/** Node cannot ask the file system where the holes are: the file is read once more. */
async function partsOf(handle: FileHandle, size: number): Promise<Part[]> {
  const hole = worthwhileHole(size);
  const parts: Part[] = [];
  const piece = Buffer.alloc(pieceBytes);
  for (let at = 0; at < size;) {
    const { bytesRead } = await handle.read(piece, 0, Math.min(size - at, pieceBytes), at);
    if (bytesRead === 0) break;
    for (const { start, end } of filled(piece.subarray(0, bytesRead)))
      addPart(parts, { start: at + start, end: at + end }, hole);
    at += bytesRead;
  }
  return parts;
}

/** Reads a file of which all fits; undefined if it has become larger. */
function readSmall(file: Buffer): { readonly stats: Stats; readonly contents: Buffer } | undefined {
  const descriptor = openSync(file, regularOnly);
  try {
    const stats = fstatSync(descriptor);
    if (stats.size > smallFile) return undefined;
    const contents = Buffer.alloc(stats.size);
    let length = 0;
    while (length < contents.length) {
      const read = readSync(descriptor, contents, length, contents.length - length, length);
      if (read === 0) break;
      length += read;
    }
    return { stats, contents: contents.subarray(0, length) };
  } finally {
    closeSync(descriptor);
  }
}

/** Bytes of all files; of what cannot be read, none. */
async function bytesBelow(path: Buffer, breathe = breather()): Promise<number> {
  try {
    const stats = lstatSync(path);
    if (!stats.isDirectory()) return stats.isFile() ? stats.size : 0;
    let bytes = 0;
    for (const own of namesIn(openDirectory(path))) {
      bytes += await bytesBelow(Buffer.concat([path, Buffer.from('/'), own]), breathe);
      await breathe();
    }
    return bytes;
  } catch (error) {
    if (isErrno(error, 'EACCES', 'EPERM', 'ENAMETOOLONG') || isMissing(error)) return 0;
    throw error;
  }
}

function openDirectory(path: Buffer): Dir {
  return opendirSync(path, { encoding: 'buffer' as BufferEncoding, bufferSize: 256 });
}

/** Closes the directory at the end. */
function* namesIn(directory: Dir): Generator<Buffer, void> {
  try {
    for (let entry = directory.readSync(); entry; entry = directory.readSync())
      yield entry.name as unknown as Buffer;
  } finally {
    directory.closeSync();
  }
}

function memberOf(name: Buffer, stats: Stats): Omit<Member, 'type'> {
  const { mode, uid, gid, mtimeMs } = stats;
  return {
    ...{ name, size: 0, link: nothing, mode: mode & 0o7777 },
    ...{ uid, gid, modified: Math.floor(mtimeMs / 1000) },
  };
}
