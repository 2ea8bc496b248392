/** Where the members of an archive may be written to. The archive's author may have rights that its reader does not want to lend. */

/**
 * The parts of a member's path below the directory that is written to; empty: that directory itself. Undefined: the path
 * leaves it.
 */
export function memberParts(name: Buffer): readonly Buffer[] | undefined {
  if (name[0] === slash || name.includes(0)) return undefined;
  const parts = split(name).filter((part) => part.length > 0 && !part.equals(here));
  return parts.some((part) => part.equals(above)) ? undefined : parts;
}

/**
 * Whether a symbolic link at `parts` leads to something below the directory, given that all links below it do. After a name, which may
 * be a link's, ".." could lead anywhere.
 */
export function staysInside(parts: readonly Buffer[], target: Buffer): boolean {
  if (target.length === 0 || target[0] === slash || target.includes(0)) return false;
  const steps = split(target).filter((part) => part.length > 0 && !part.equals(here));
  const ups = steps.filter((part) => part.equals(above)).length;
  return ups < parts.length && steps.slice(0, ups).every((part) => part.equals(above));
}

const slash = 0x2f;
const here = Buffer.from('.');
const above = Buffer.from('..');

function split(path: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (let at = path.indexOf(slash); at >= 0; at = path.indexOf(slash, start)) {
    parts.push(path.subarray(start, at));
    start = at + 1;
  }
  return [...parts, path.subarray(start)];
}
