/** A shell and the usual commands for an image, all from busybox. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import type { ArchiveFile } from '../../../cmd/package/archive.ts';
import { findBusybox } from './place.ts';

const run = promisify(execFile);

export async function busyboxFiles(): Promise<ArchiveFile[]> {
  const path = await findBusybox();
  if (path === undefined) throw new Error('no static busybox on this machine');
  const { stdout } = await run(path, ['--list']);
  return [
    ...['bin', 'dev', 'etc', 'proc', 'root', 'sys', 'var'].map((name) => directory(name)),
    directory('tmp', 0o1777),
    { name: 'bin/busybox', content: await readFile(path), mode: 0o755 },
    ...stdout
      .split('\n')
      .filter((name) => name !== '' && name !== 'busybox')
      .map((name) => link(`bin/${name}`, 'busybox')),
  ];
}

/** Returns `etc/passwd` with root, nobody and these users. */
export function users(...lines: readonly string[]): ArchiveFile {
  const all = ['root:x:0:0:root:/root:/bin/sh', 'nobody:x:65534:65534:nobody:/:/bin/sh', ...lines];
  return { name: 'etc/passwd', content: Buffer.from(`${all.join('\n')}\n`), mode: 0o644 };
}

export function directory(name: string, mode = 0o755): ArchiveFile {
  return { name, content: Buffer.alloc(0), mode, type: 'directory' };
}

export function link(name: string, target: string): ArchiveFile {
  return { name, content: Buffer.from(target), mode: 0o777, type: 'symlink' };
}
