/** Provides paths that need no quoting in a script, whatever the sandbox's own directory is called. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

export interface PlainPaths {
  /**
   * Resolves with the directory's path, or with another path to it. The last part is a directory, never a
   * link.
   */
  of(directory: string): Promise<string>;
  remove(): Promise<void>;
}

const plain = /^[\w./@%+-]+$/;

export function createPlainPaths(): PlainPaths {
  let links: Promise<string> | undefined;
  return {
    async of(directory) {
      if (plain.test(directory)) return directory;
      links ??= mkdtemp(join(plain.test(tmpdir()) ? tmpdir() : '/tmp', 'stash-'));
      const parent = dirname(directory);
      const link = join(await links, createHash('sha256').update(parent).digest('hex').slice(0, 16));
      await symlink(parent, link).catch((error: unknown) => {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      });
      return join(link, basename(directory));
    },
    async remove() {
      if (links) await rm(await links, { recursive: true, force: true });
    },
  };
}
