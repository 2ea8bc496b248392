/** Writes the members of an archive below one path of this machine, and nowhere else. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  ftruncateSync,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';

import { staysInside } from '#src/domain/files/member-path.ts';
import { lengthOf, type Piece } from '#src/domain/files/sparse.ts';
import { partsBelow } from '#src/domain/files/rooted.ts';
import type { Member } from '#src/domain/files/tar-header.ts';
import { assertNever, StashError } from '#src/errors.ts';

import { breather } from './breather.ts';
import { isErrno } from './inside.ts';
import type { ArchiveMember } from './read-archive.ts';
import { filled, writeSparsely } from './write-sparsely.ts';
import { writtenNames } from './written-names.ts';

export interface SaveFiles {
  readonly members: AsyncIterable<ArchiveMember>;
  /** Name of the archive's root; undefined: the volume's. */
  readonly root: string | undefined;
  /** The path that the archive's root gets. */
  readonly to: string;
  readonly onFile: (name: Buffer, bytes: number) => void;
  readonly onBytes: (bytes: number) => void;
  /** Called for a member that no copy has, with the reason. */
  readonly onSkipped: (name: Buffer, why: string) => void;
  /** Called for a member that cannot be written here, with the reason. */
  readonly onFailed: (name: Buffer, why: string) => void;
}

/** A file of up to so many bytes is collected and written with synchronous calls (ADR 36). */
const smallFile = 256 * 1024;

/**
 * Each file appears when it is complete. Existing files are replaced, links too; a directory is not, and no link is followed. A member that
 * alone cannot be written does not end the copy. Rejects with 'precondition' if something is in the way, with 'server' for a member that
 * would leave the copy, and as the file system does, for example if it is full.
 */
export async function saveFiles(task: SaveFiles): Promise<void> {
  const { members, root, to, onFile, onBytes, onSkipped, onFailed } = task;
  const base = Buffer.from(to);
  /** Directories that are known to be directories, not links: nothing here replaces one. */
  const real = new Set<string>();
  const written = writtenNames();
  const breathe = breather();
  const partialPrefix = `.kubectl-stash-${randomBytes(6).toString('hex')}`;
  let partials = 0;

  const at = (parts: readonly Buffer[]): Buffer =>
    Buffer.concat([base, ...parts.flatMap((part) => [separator, part])]);

  /** Throws if this copy has written another name that is the same file here. */
  function refuseTwin(parts: readonly Buffer[]): void {
    const other = written.alike(parts);
    if (other === undefined) return;
    const here = lstatSync(at(parts), { throwIfNoEntry: false });
    const first = lstatSync(at([...parts.slice(0, -1), other]), { throwIfNoEntry: false });
    if (here && first && here.ino === first.ino && here.dev === first.dev)
      throw new NotWritten(`on this file system, its name is that of ${other.toString()}`);
  }

  function ensureDirectories(parts: readonly Buffer[], mode = 0o755): void {
    if (real.has(at(parts).toString('latin1'))) return;
    for (let depth = 0; depth <= parts.length; depth++) {
      const above = parts.slice(0, depth);
      const path = at(above);
      const key = path.toString('latin1');
      if (real.has(key)) continue;
      const own = depth === parts.length ? mode : 0o755;
      try {
        mkdirSync(path, { mode: (own & 0o777) | 0o700 });
      } catch (error) {
        if (!isErrno(error, 'EEXIST')) throw error;
        if (!lstatSync(path).isDirectory()) throw inTheWay(path, 'it is not a directory');
        refuseTwin(above);
      }
      real.add(key);
      written.add(above);
    }
  }

  /** Makes the new object under a name of its own, and gives it its name once it is complete. */
  async function replace(
    parts: readonly Buffer[],
    make: (path: Buffer) => void | Promise<void>,
  ): Promise<void> {
    if (parts.length > 0) ensureDirectories(parts.slice(0, -1));
    refuseTwin(parts);
    const path = at(parts);
    partials += 1;
    const beside = path.subarray(0, path.lastIndexOf(separator) + 1);
    const partial = Buffer.concat([beside, Buffer.from(`${partialPrefix}-${partials}.part`)]);
    try {
      await make(partial);
      renameSync(partial, path);
    } catch (error) {
      rmSync(partial, { force: true });
      if (isErrno(error, 'EISDIR', 'ENOTEMPTY', 'EEXIST')) throw inTheWay(path, 'it is a directory');
      throw error;
    }
    written.add(parts);
  }

  async function save(parts: readonly Buffer[], { member, contents }: ArchiveMember): Promise<void> {
    const { type, name } = member;
    switch (type) {
      case 'directory':
        ensureDirectories(parts, member.mode);
        return;
      case 'file': {
        const small = member.size <= smallFile ? await collected(contents, member.size, onBytes) : undefined;
        await replace(parts, async (path) => {
          if (small) writeSmall(path, member, small);
          else await writeLarge(path, member, contents, onBytes);
        });
        onFile(name, member.size);
        return;
      }
      case 'symlink':
        if (!staysInside(parts, member.link)) {
          onSkipped(name, `it is a symbolic link to ${member.link.toString()}, outside of the copy`);
          return;
        }
        await replace(parts, (path) => {
          symlinkSync(member.link, path);
        });
        onFile(name, 0);
        return;
      case 'hard-link': {
        const first = partsBelow(member.link, root);
        if (first.length === 0) throw inTheWay(base, 'it is a directory');
        ensureDirectories(first.slice(0, -1));
        const stats = lstatSync(at(first), { throwIfNoEntry: false });
        if (!stats) throw new NotWritten('the file that it is a link to was not copied');
        // A link that was there before could lead anywhere.
        if (!stats.isFile()) throw inTheWay(at(first), 'it is not a file');
        await replace(parts, (path) => {
          linkSync(at(first), path);
        });
        onFile(name, 0);
        return;
      }
      case 'other':
        onSkipped(name, 'it is a device, a pipe or a socket');
        return;
      default:
        assertNever(type);
    }
  }

  for await (const each of members) {
    const parts = partsBelow(each.member.name, root);
    try {
      if (process.platform === 'win32' && parts.some(isOddOnWindows))
        throw new NotWritten('its name cannot be one on Windows');
      await save(parts, each);
    } catch (error) {
      const why = whyNotWritten(error);
      if (why === undefined) throw error;
      onFailed(each.member.name, why);
    }
    await breathe();
  }
}

/** Why one member cannot be written here, while others can. */
class NotWritten extends Error {}

function whyNotWritten(error: unknown): string | undefined {
  if (error instanceof NotWritten) return error.message;
  if (isErrno(error, 'ENAMETOOLONG')) return 'its path is too long here';
  if (isErrno(error, 'EILSEQ', 'EINVAL')) return 'its name cannot be one on this file system';
  if (isErrno(error, 'EACCES', 'EPERM')) return 'permission denied';
  return undefined;
}

const separator = Buffer.from('/');

async function collected(
  contents: AsyncIterable<Piece>,
  size: number,
  onBytes: (bytes: number) => void,
): Promise<Buffer> {
  const all = Buffer.alloc(size);
  let position = 0;
  for await (const piece of contents) {
    if (Buffer.isBuffer(piece)) piece.copy(all, position);
    position += lengthOf(piece);
    onBytes(lengthOf(piece));
  }
  return all;
}

function writeSmall(path: Buffer, { mode, modified }: Member, contents: Buffer): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    let end = 0;
    for (const run of filled(contents)) {
      for (let at = run.start; at < run.end;) at += writeSync(file, contents, at, run.end - at, at);
      end = run.end;
    }
    if (end < contents.length) ftruncateSync(file, contents.length);
    fchmodSync(file, mode & 0o777);
    futimesSync(file, modified, modified);
  } finally {
    closeSync(file);
  }
}

async function writeLarge(
  path: Buffer,
  { size, mode, modified }: Member,
  contents: AsyncIterable<Piece>,
  onBytes: (bytes: number) => void,
): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await writeSparsely(file, contents, size, onBytes);
  await file.chmod(mode & 0o777);
  await file.utimes(modified, modified);
}

function isOddOnWindows(part: Buffer): boolean {
  return /[\\:*?"<>|]/.test(part.toString());
}

function inTheWay(path: Buffer, why: string): StashError {
  return new StashError('precondition', `${path.toString()} is in the way: ${why}`, {
    hint: 'name another destination, or move it away',
  });
}
