/** The commands that publish what was built, in order: after each of them, what was published before is usable. */
import { join } from 'node:path';

import { imageRepository } from '#src/api/operator.ts';

import { manifestFile } from '../package/manifest.ts';
import { platforms } from '../package/platforms.ts';

export interface Built {
  /** `v1.2.3` */
  readonly version: string;
  /** Of the archives. */
  readonly directory: string;
  /** Of the OCI image. */
  readonly image: string;
}

type Command = readonly [program: string, ...args: string[]];

/** The image goes first: a program that is published installs the operator from it. */
export function publishing({ version, directory, image }: Built): Command[] {
  const files = [
    ...platforms.map(({ archive }) => archive),
    'checksums.txt',
    'kubectl-stash.cdx.json',
    manifestFile,
  ].map((file) => join(directory, file));
  return [
    ['skopeo', 'copy', `oci:${image}:${version}`, `docker://${imageRepository}:${version}`],
    ['gh', 'release', 'create', version, '--verify-tag', '--notes-file', 'CHANGELOG.md', ...files],
  ];
}
