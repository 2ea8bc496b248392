/**
 * `npm run image [-- DIRECTORY]`: builds the operator's image as an OCI directory, by default in
 * `dist/image`.
 */
import { join } from 'node:path';

import { buildImage } from './image/build-image.ts';
import { project } from './package/project.ts';

const directory = process.argv[2] ?? join(project, 'dist', 'image');

void buildImage(directory).then((digest) => {
  process.stdout.write(`${directory}: ${digest}\n`);
});
