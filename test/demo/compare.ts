/** Compares the contents of volumes, by the lines that `tree.sh` prints for each. */
import { createHash } from 'node:crypto';

import type { Show } from './show.ts';

/** The output of `tree.sh` by volume name. */
export type Trees = ReadonlyMap<string, string>;

/**
 * Reports for each volume whether it is identical, and its differences. Returns true if all are identical.
 */
export function compareVolumes(show: Show, before: Trees, after: Trees): boolean {
  const width = Math.max(...[...before.keys()].map((volume) => volume.length));
  let same = before.size > 0;
  for (const [volume, was] of before) {
    const is = after.get(volume) ?? '';
    const identical = was !== '' && is === was;
    same &&= identical;
    show.line(
      `${volume.padEnd(width)}  ${digest(was)}  ${digest(is)}  ${identical ? 'identical' : 'DIFFERENT'}`,
    );
    for (const line of differences(was, is)) show.line(`  ${line}`);
  }
  return same;
}

/** Returns a checksum of the whole tree: of names, modes, links and file checksums. */
export function digest(tree: string): string {
  return tree === '' ? 'nothing'.padEnd(16) : createHash('sha256').update(tree).digest('hex').slice(0, 16);
}

function differences(was: string, is: string): string[] {
  const [before, after] = [linesOf(was), linesOf(is)];
  return [
    ...[...before].filter((line) => !after.has(line)).map((line) => `- ${line}`),
    ...[...after].filter((line) => !before.has(line)).map((line) => `+ ${line}`),
  ];
}

function linesOf(tree: string): Set<string> {
  return new Set(tree.split('\n').filter((line) => line !== ''));
}
