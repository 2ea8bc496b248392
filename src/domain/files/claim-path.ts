/** Paths inside a volume. */
import { StashError } from '#src/errors.ts';

/** `/a//./b/` as `a/b`. Throws 'usage' for a path that leaves the volume. */
export function claimPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..'))
    throw new StashError('usage', `"${path}" may leave the volume: it contains ".."`, {
      hint: 'write the path from the root of the volume: /dir/file',
    });
  if (path.includes('\0'))
    throw new StashError('usage', 'a path cannot contain a null character', { hint: 'leave it out' });
  return parts.join('/');
}

/** The last part of a path; undefined of the volume's root. */
export function lastPart(path: string): string | undefined {
  return path === '' ? undefined : path.slice(path.lastIndexOf('/') + 1);
}
