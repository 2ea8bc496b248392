/** Where a picture and its recording lie. */
import { join } from 'node:path';

import { root } from '#test/demo/stash.ts';

export const pictures = 'docs/pictures';

export function castFile(name: string): string {
  return join(root, pictures, `${name}.cast`);
}

export function svgFile(name: string): string {
  return join(root, pictures, `${name}.svg`);
}
