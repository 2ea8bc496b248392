import { imageRepository } from '#src/api/operator.ts';

import packageJson from '../../package.json' with { type: 'json' };

/** The version of this program, as kubectl writes versions: `v0.1.0`. */
export const clientVersion = `v${packageJson.version}`;

/** The image that contains this version. */
export const ownImage = `${imageRepository}:${clientVersion}`;
