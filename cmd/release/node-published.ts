/** Whether the Node that the program contains is the one that nodejs.org has published. */
import type { Platform } from '../package/platforms.ts';

/** A file of `https://nodejs.org/dist/vVERSION/`. */
export interface PublishedFile {
  /** Its name in SHASUMS256.txt, which is its path as well. */
  readonly name: string;
  /** Where the program is in this archive; undefined: the file is the program. */
  readonly inside: string | undefined;
}

/** `version`: without `v`. On Windows, nodejs.org has the program outside an archive as well. */
export function publishedFile({ os, target }: Platform, version: string): PublishedFile {
  if (os === 'windows') return { name: `win-${target.arch}/node.exe`, inside: undefined };
  const name = `node-v${version}-${os}-${target.arch}`;
  return { name: `${name}.tar.gz`, inside: `${name}/bin/node` };
}

/** Returns the SHA-256 of each file by its name. @throws Error if a line is not one of a SHASUMS256.txt */
export function parseSums(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line): [string, string] => {
      const [, hash, name] = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line) ?? [];
      if (hash === undefined || name === undefined) throw new Error(`not a line of SHASUMS256.txt: ${line}`);
      return [name, hash];
    }),
  );
}

/** SHA-256 of what was read for a platform. */
export interface Hashes {
  /** Of the file that nodejs.org serves. */
  readonly file: string;
  /** Of the program in it; undefined if it has none. */
  readonly published: string | undefined;
  /** Of the program in the npm package. */
  readonly bundled: string;
}

/** Returns why the bundled program is not the published one; undefined if it is. */
export function whyNotPublished(
  file: PublishedFile,
  sums: ReadonlyMap<string, string>,
  hashes: Hashes,
): string | undefined {
  const { name, inside } = file;
  const listed = sums.get(name);
  if (listed === undefined) return `SHASUMS256.txt does not list ${name}`;
  if (hashes.file !== listed) return `${name} has SHA-256 ${hashes.file}, and SHASUMS256.txt says ${listed}`;
  if (hashes.published === undefined) return `${name} contains no ${inside ?? name}`;
  if (hashes.bundled === hashes.published) return undefined;
  return `the program in npm's package has SHA-256 ${hashes.bundled}, and the one in ${name} ${hashes.published}`;
}
