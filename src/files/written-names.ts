/**
 * Finds members of an archive that have one name on this file system, which may ignore case or how accents are encoded. Keeps the
 * names of the directory that is being written and of those above it: an archive has the members of a directory together.
 */
interface Directory {
  readonly name: Buffer | undefined;
  /** The name that was written, by what is left of it on such a file system. */
  readonly names: Map<string, Buffer>;
}

export interface WrittenNames {
  /** Another name in the same directory that may be the same here: the file system tells. */
  readonly alike: (parts: readonly Buffer[]) => Buffer | undefined;
  readonly add: (parts: readonly Buffer[]) => void;
}

export function writtenNames(): WrittenNames {
  const open: Directory[] = [{ name: undefined, names: new Map() }];

  const namesBeside = (parts: readonly Buffer[]): Map<string, Buffer> => {
    const above = parts.slice(0, -1);
    let depth = 0;
    while (depth < above.length && above[depth]?.equals(open[depth + 1]?.name ?? nothing) === true) depth++;
    open.length = depth + 1;
    for (const name of above.slice(depth)) open.push({ name, names: new Map() });
    return open.at(-1)?.names ?? new Map<string, Buffer>();
  };

  return {
    alike(parts) {
      const name = parts.at(-1);
      const found = name && namesBeside(parts).get(folded(name));
      return found?.equals(name ?? nothing) === true ? undefined : found;
    },
    add(parts) {
      const name = parts.at(-1);
      if (name) namesBeside(parts).set(folded(name), name);
    },
  };
}

const nothing = Buffer.alloc(0);

function folded(name: Buffer): string {
  return name.toString().normalize('NFKD').toLowerCase();
}
