/** Translates a container's paths to paths of this machine. */

export interface Mount {
  /** Absolute path in the container. */
  readonly mountPath: string;
  /** Directory on this machine. */
  readonly directory: string;
}

/** What may precede a path in a script: nothing that could belong to a longer path. */
const pathStart = String.raw`(?<=^|[\s"'=:,;&|([{<>!\x60]|(?:^|\s)-[A-Za-z])`;
const pathEnd = String.raw`(?=$|[/\s"'=:,;&|)\]}<>\\\x60])`;

/**
 * Replaces every mount path in a script, an argument or a value, preferring the longest match. `/data` does
 * not match in `/database`, `/var/data` or `$ROOT/data`. Replaced text is not searched again.
 */
export function rewritePaths(text: string, mounts: readonly Mount[]): string {
  const directories = new Map(mounts.map((mount) => [trimmed(mount.mountPath), mount.directory]));
  directories.delete('');
  if (directories.size === 0) return text;
  const longestFirst = [...directories.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`${pathStart}(?:${longestFirst.map(escaped).join('|')})${pathEnd}`, 'g');
  return text.replace(pattern, (path) => directories.get(path) ?? path);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, '');
}
