/** Writes the members of an archive below one path of this machine, and nowhere else. */
import { randomBytes } from 'node:crypto';
import { link, lstat, mkdir, open, rename, rm, symlink } from 'node:fs/promises';

import { staysInside } from '#src/domain/files/member-path.ts';
import type { Piece } from '#src/domain/files/sparse.ts';
import { partsBelow } from '#src/domain/files/rooted.ts';
import type { Member } from '#src/domain/files/tar-header.ts';
import { assertNever, StashError } from '#src/errors.ts';

import { isErrno } from './inside.ts';
import type { ArchiveMember } from './read-archive.ts';
import { writeSparsely } from './write-sparsely.ts';

export interface SaveFiles {
  readonly members: AsyncIterable<ArchiveMember>;
  /** Name of the archive's root; undefined: the volume's. */
  readonly root: string | undefined;
  /** The path that the archive's root gets. */
  readonly to: string;
  readonly onFile: (name: Buffer, bytes: number) => void;
  readonly onBytes: (bytes: number) => void;
  /** Called for a member that is not written, with the reason. */
  readonly onSkipped: (name: Buffer, why: string) => void;
}

/**
 * Each file appears when it is complete. Existing files are replaced, links too; a directory is not, and no link is followed. Rejects with 'precondition' where something is in the way, with
 * 'server' for a member that would leave the copy, and as the file system does.
 */
export async function saveFiles({ members, root, to, onFile, onBytes, onSkipped }: SaveFiles): Promise<void> {
  const base = Buffer.from(to);
  /** Directories that are known to be directories, not links: nothing here replaces one. */
  const real = new Set<string>();

  async function ensureDirectories(parts: readonly Buffer[], mode = 0o755): Promise<void> {
    for (let depth = 0; depth <= parts.length; depth++) {
      const path = at(parts.slice(0, depth));
      const key = path.toString('latin1');
      if (real.has(key)) continue;
      const own = depth === parts.length ? mode : 0o755;
      await mkdir(path, { mode: (own & 0o777) | 0o700 }).catch(async (error: unknown) => {
        if (!isErrno(error, 'EEXIST')) throw error;
        if (!(await lstat(path)).isDirectory()) throw inTheWay(path, 'it is not a directory');
      });
      real.add(key);
    }
  }

  const at = (parts: readonly Buffer[]): Buffer =>
    Buffer.concat([base, ...parts.flatMap((part) => [separator, part])]);

  /** Makes the new object under a name of its own, and gives it its name once it is complete. */
  async function replace(parts: readonly Buffer[], make: (path: Buffer) => Promise<void>): Promise<void> {
    if (parts.length > 0) await ensureDirectories(parts.slice(0, -1));
    const path = at(parts);
    const partial = Buffer.concat([path.subarray(0, path.lastIndexOf(separator) + 1), partialName()]);
    try {
      await make(partial);
      if (await isDirectory(path)) throw inTheWay(path, 'it is a directory');
      await rename(partial, path);
    } finally {
      await rm(partial, { force: true });
    }
  }

  async function save(parts: readonly Buffer[], { member, contents }: ArchiveMember): Promise<void> {
    const { type, name } = member;
    switch (type) {
      case 'directory':
        await ensureDirectories(parts, member.mode);
        return;
      case 'file':
        await replace(parts, (path) => writeFile(path, member, contents, onBytes));
        onFile(name, member.size);
        return;
      case 'symlink':
        if (!staysInside(parts, member.link)) {
          onSkipped(name, `it is a symbolic link to ${member.link.toString()}, outside of the copy`);
          return;
        }
        await replace(parts, (path) => symlink(member.link, path));
        onFile(name, 0);
        return;
      case 'hard-link': {
        const first = partsBelow(member.link, root);
        if (first.length === 0) throw inTheWay(base, 'it is a directory');
        await ensureDirectories(first.slice(0, -1));
        // A link that was there before could lead anywhere.
        if (!(await lstat(at(first))).isFile()) throw inTheWay(at(first), 'it is not a file');
        await replace(parts, (path) => link(at(first), path));
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
    if (process.platform === 'win32' && parts.some(isOddOnWindows))
      onSkipped(each.member.name, 'its name cannot be one on Windows');
    else {
      try {
        await save(parts, each);
      } catch (error) {
        if (!isErrno(error, 'ENAMETOOLONG')) throw error;
        onSkipped(each.member.name, 'its path is too long here');
      }
    }
  }
}

const separator = Buffer.from('/');

function partialName(): Buffer {
  return Buffer.from(`.kubectl-stash-${randomBytes(6).toString('hex')}.part`);
}

async function writeFile(
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

async function isDirectory(path: Buffer): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

function isOddOnWindows(part: Buffer): boolean {
  return /[\\:*?"<>|]/.test(part.toString());
}

function inTheWay(path: Buffer, why: string): StashError {
  return new StashError('precondition', `${path.toString()} is in the way: ${why}`, {
    hint: 'name another destination, or move it away',
  });
}
