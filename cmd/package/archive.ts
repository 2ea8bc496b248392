/** Builds reproducible archives: fixed time and owner, files in the given order. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { createGunzip, createGzip } from 'node:zlib';

import { zipSync } from 'fflate';
import { extract, pack } from 'tar-stream';

export interface ArchiveFile {
  readonly name: string;
  readonly content: Buffer;
  /** Permission bits. The content of a symbolic link is its target. */
  readonly mode: number;
  readonly type?: 'file' | 'directory' | 'symlink';
}

/** Resolves with a tar archive that contains no owners or times of the build machine. */
export function tar(files: readonly ArchiveFile[], time: Date): Promise<Buffer> {
  const archive = pack();
  for (const { name, content, mode, type = 'file' } of files) {
    const header = { name, mode, type, mtime: time, uid: 0, gid: 0 };
    if (type === 'symlink') archive.entry({ ...header, linkname: content.toString() });
    else archive.entry(header, content);
  }
  archive.finalize();
  return buffer(archive);
}

export async function gzip(content: Buffer): Promise<Buffer> {
  return buffer(Readable.from([content]).pipe(createGzip({ level: 9 })));
}

/** Returns a zip archive with the files, which must not contain directories or links. */
export function zip(files: readonly ArchiveFile[]): Buffer {
  // The format stores local times; this is the earliest one that it can express, and the same everywhere.
  const mtime = new Date(1980, 0, 1);
  const entries = files.map(({ name, content, mode }) => [
    name,
    [content, { level: 9, mtime, os: 3, attrs: ((0o100000 | mode) << 16) >>> 0 }],
  ]);
  return Buffer.from(zipSync(Object.fromEntries(entries) as Parameters<typeof zipSync>[0]));
}

/** Resolves with the file's content, or undefined if the archive does not contain it. */
export async function fileInTarGz(archive: Buffer, name: string): Promise<Buffer | undefined> {
  const entries = extract();
  let found: Buffer | undefined;
  entries.on('entry', (header, stream, next) => {
    if (header.name !== name) {
      stream.on('end', next).resume();
      return;
    }
    void buffer(stream as unknown as Readable).then((content) => {
      found = content;
      next();
    }, next);
  });
  await pipeline(Readable.from([archive]), createGunzip(), entries as unknown as NodeJS.WritableStream);
  return found;
}
