/** Names of members below the file or directory that was asked for. */
import { StashError } from '#src/errors.ts';

import { memberParts } from './member-path.ts';

/**
 * The parts of the member's name below the root of the archive; `root`: the name of that root, undefined for the volume's own. Throws 'server'
 * if the name leads anywhere else.
 */
export function partsBelow(name: Buffer, root: string | undefined): readonly Buffer[] {
  const parts = memberParts(name);
  const [first, ...rest] = parts ?? [];
  if (parts !== undefined && root === undefined) return parts;
  if (root !== undefined && first?.equals(Buffer.from(root)) === true) return rest;
  throw new StashError(
    'server',
    `the archive from the pod contains ${JSON.stringify(name.toString())}, which is not below ${root ?? 'the volume'}: nothing is written outside of the copy`,
  );
}
