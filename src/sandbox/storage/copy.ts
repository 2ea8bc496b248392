/**
 * Copies a directory tree as a volume requires: preserves modes, owners, times, symlinks (never followed),
 * empty directories and holes; shares blocks if the file system can.
 */
import { execFile } from 'node:child_process';
import * as fs from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Copies the directory `from` to `to`, which must not exist. After an error, `to` may be incomplete.
 * Copies a tree of a few small files in this process, since starting a process costs more than the copy.
 * Otherwise uses the platform's `cp`, which shares blocks and preserves hard links and extended attributes.
 */
export async function copyTree(from: string, to: string): Promise<void> {
  const flags = await cpFlags(from);
  if (flags) {
    try {
      await run('cp', [...flags, '--', from, to], { env: { ...process.env, LC_ALL: 'C' } });
      return;
    } catch {
      // This cp lacks the flags (busybox), or it failed: the plain copy below reports the error better.
      await fs.rm(to, { recursive: true, force: true });
    }
  }
  await copyPlainly(from, to);
}

async function cpFlags(from: string): Promise<string[] | undefined> {
  if (process.platform !== 'linux' && process.platform !== 'darwin') return undefined;
  if (await isSmall(from)) return undefined;
  return process.platform === 'darwin' ? ['-a', '-c'] : ['-aT', '--reflink=auto', '--sparse=always'];
}

const smallTree = { entries: 64, bytes: 1 << 20 };

async function isSmall(root: string): Promise<boolean> {
  let entries = 0;
  let bytes = 0;
  const directories = [root];
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    for (const entry of await fs.readdir(directory, { withFileTypes: true })) {
      if (++entries > smallTree.entries || entry.name.includes('\ufffd')) return false;
      const path = join(directory, entry.name);
      if (entry.isDirectory()) directories.push(path);
      else if (entry.isFile()) {
        const { size, nlink } = await fs.lstat(path);
        bytes += size;
        if (bytes > smallTree.bytes || nlink > 1) return false;
      } else if (!entry.isSymbolicLink()) return false;
    }
  }
  return true;
}

/** Does the same with Node only. Hard links become separate files; sockets and devices are skipped. */
export async function copyPlainly(from: string, to: string): Promise<void> {
  const stats = await fs.lstat(from);
  if (stats.isSymbolicLink()) {
    await fs.symlink(await fs.readlink(from), to);
    await keepOwner(to, stats);
    await fs.lutimes(to, stats.atimeMs / 1000, stats.mtimeMs / 1000);
    return;
  }
  if (stats.isDirectory()) {
    await fs.mkdir(to, { mode: 0o700 });
    for (const name of await fs.readdir(from)) await copyPlainly(join(from, name), join(to, name));
  } else if (stats.isFile()) {
    await copyWithHoles(from, to);
  } else return;
  await keepOwner(to, stats);
  await fs.chmod(to, stats.mode & 0o7777);
  await fs.utimes(to, stats.atimeMs / 1000, stats.mtimeMs / 1000);
}

async function keepOwner(path: string, stats: Stats): Promise<void> {
  if (process.getuid?.() === 0) await fs.lchown(path, stats.uid, stats.gid);
}

const zeros = Buffer.alloc(64 * 1024);

async function copyWithHoles(from: string, to: string): Promise<void> {
  await using source = await fs.open(from, 'r');
  await using target = await fs.open(to, 'wx', 0o600);
  const block = Buffer.allocUnsafe(zeros.length);
  let position = 0;
  while (true) {
    const { bytesRead } = await source.read(block, 0, block.length, position);
    if (bytesRead === 0) break;
    const data = block.subarray(0, bytesRead);
    if (!data.equals(zeros.subarray(0, bytesRead))) await target.write(data, 0, bytesRead, position);
    position += bytesRead;
  }
  await target.truncate(position);
}

/** Removes a tree, even if it contains read-only directories. */
export async function removeTree(path: string): Promise<void> {
  try {
    await fs.rm(path, { recursive: true, force: true });
  } catch {
    await makeDirectoriesWritable(path);
    await fs.rm(path, { recursive: true, force: true });
  }
}

async function makeDirectoriesWritable(directory: string): Promise<void> {
  await fs.chmod(directory, 0o700);
  for (const entry of await fs.readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeDirectoriesWritable(join(directory, entry.name));
  }
}
