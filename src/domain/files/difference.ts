/** How a file of a restore point differs from the one in the present volume, and how the pod tells it: one line of JSON for each. */
import { isJsonObject, readJson } from '#src/domain/json.ts';
import { StashError } from '#src/errors.ts';

export type Kind = 'file' | 'directory' | 'symlink' | 'other';

/** What the comparison looks at; two files that agree in all of it count as the same. */
export interface FileFacts {
  readonly kind: Kind;
  /** Bytes; 0 of a directory. */
  readonly size: number;
  /** Milliseconds since 1970; 0 of directories and links, whose times say nothing of their contents. */
  readonly modified: number;
  /** Target of a link, each byte as a character. */
  readonly link?: string;
}

export type Difference =
  /** Only in the present volume. */
  | { readonly change: 'added'; readonly path: Buffer; readonly live: FileFacts }
  /** Only in the restore point. */
  | { readonly change: 'removed'; readonly path: Buffer; readonly restored: FileFacts }
  | {
      readonly change: 'changed';
      readonly path: Buffer;
      readonly restored: FileFacts;
      readonly live: FileFacts;
      readonly by: Aspect;
    }
  /** It could not be compared. */
  | { readonly change: 'unknown'; readonly path: Buffer; readonly why: string };

export type Aspect = 'kind' | 'size' | 'link' | 'time' | 'contents';

/** Copies by other means than the storage system's keep a time less precisely. */
const sameTimeMs = 1;

/**
 * In what two files differ that one can see without reading them; undefined: in nothing. `byContents`: their time does not matter, since
 * their contents are going to be compared.
 */
export function differs(
  restored: FileFacts,
  live: FileFacts,
  { byContents }: { readonly byContents: boolean },
): Aspect | undefined {
  if (restored.kind !== live.kind) return 'kind';
  if (restored.size !== live.size) return 'size';
  if (restored.link !== live.link) return 'link';
  const apart = Math.abs(restored.modified - live.modified);
  return !byContents && apart > sameTimeMs ? 'time' : undefined;
}

export function writeDifference(difference: Difference): string {
  return `${JSON.stringify({ ...difference, path: difference.path.toString('latin1') })}\n`;
}

/** Throws 'server' for a line that `writeDifference` did not write. */
export function readDifference(line: string): Difference {
  const value = readJson(line);
  const change = isJsonObject(value) ? value['change'] : undefined;
  const path = isJsonObject(value) ? value['path'] : undefined;
  if (!changes.some((each) => each === change) || typeof path !== 'string')
    throw new StashError('server', 'the pod sent a list of differences that cannot be read');
  return { ...(value as object), path: Buffer.from(path, 'latin1') } as Difference;
}

const changes: readonly Difference['change'][] = ['added', 'removed', 'changed', 'unknown'];
