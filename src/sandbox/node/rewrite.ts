/** Paths of a container as paths of this machine. */

export interface Mount {
  /** Absolute, as the container sees it. */
  readonly mountPath: string;
  /** Where its files are. */
  readonly directory: string;
}

/** What may stand before a path in a script: nothing that could be the end of a longer path. */
const before = String.raw`(?<=^|[\s"'=:,;&|([{<>!\x60]|(?:^|\s)-[A-Za-z])`;
const after = String.raw`(?=$|[/\s"'=:,;&|)\]}<>\\\x60])`;

/**
 * A script, an argument or a value with every mount path in it replaced, the longest that fits; `/data` is not found
 * in `/database`, `/var/data` or `$ROOT/data`. What was put in is not looked at again.
 */
export function rewritePaths(text: string, mounts: readonly Mount[]): string {
  const directories = new Map(mounts.map((mount) => [trimmed(mount.mountPath), mount.directory]));
  directories.delete('');
  if (directories.size === 0) return text;
  const longestFirst = [...directories.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`${before}(?:${longestFirst.map(escaped).join('|')})${after}`, 'g');
  return text.replace(pattern, (path) => directories.get(path) ?? path);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, '');
}
