/**
 * Returns the commands that publish a release, in an order in which everything published so far is usable.
 */
import { dirname, join } from 'node:path';

import { imageRepository } from '#src/api/operator.ts';

import { manifestFile } from '../package/manifest.ts';
import { platforms } from '../package/platforms.ts';
import { project } from '../package/project.ts';

export interface Built {
  /** `v1.2.3` */
  readonly version: string;
  /** Directory of the archives. */
  readonly directory: string;
  /** Directory of the OCI image. */
  readonly image: string;
}

/** The file that names the image with its digest. */
export const imageFile = 'image.txt';

const chart = 'charts/kubectl-stash';
const charts = `${dirname(imageRepository)}/charts`;

type Command = readonly [program: string, ...args: string[]];

/** Runs the Helm whose version the tests' go.mod has. */
const helm = ['go', '-C', 'test/go-tools', 'tool', 'helm'] as const;

/** The image comes first, because a published program and the chart install the operator from it. */
export function publishing({ version, directory, image }: Built): Command[] {
  const files = [
    ...platforms.map(({ archive }) => archive),
    'checksums.txt',
    'kubectl-stash.cdx.json',
    imageFile,
    manifestFile,
  ].map((file) => join(directory, file));
  return [
    [
      'skopeo',
      'copy',
      '--preserve-digests',
      `oci:${image}:${version}`,
      `docker://${imageRepository}:${version}`,
    ],
    [...helm, 'package', join(project, chart), '--destination', directory],
    [...helm, 'push', join(directory, `kubectl-stash-${version.slice(1)}.tgz`), `oci://${charts}`],
    ['gh', 'release', 'create', version, '--verify-tag', '--notes-file', 'CHANGELOG.md', ...files],
  ];
}
