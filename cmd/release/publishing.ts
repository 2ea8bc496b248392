/**
 * Returns the commands that publish a release, in an order in which everything published so far is usable.
 */
import { join } from 'node:path';

import { imageRepository } from '#src/api/operator.ts';

import { manifestFile } from '../package/manifest.ts';
import { platforms } from '../package/platforms.ts';

export interface Built {
  /** `v1.2.3` */
  readonly version: string;
  /** Directory of the archives. */
  readonly directory: string;
  /** Directory of the OCI image. */
  readonly image: string;
}

type Command = readonly [program: string, ...args: string[]];

/** The image comes first, because a published program installs the operator from it. */
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
