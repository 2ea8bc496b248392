/** `-o custom-columns=NAME:.metadata.name,CLAIMS:.claims[*].name` */
import { StashError } from '#src/errors.ts';

import { parsePath, type Path } from './parse.ts';

export interface CustomColumn {
  readonly header: string;
  readonly path: Path;
}

/** @throws StashError 'usage' */
export function parseColumns(spec: string): CustomColumn[] {
  return spec.split(',').map((part) => {
    const colon = part.indexOf(':');
    if (colon < 0) {
      throw new StashError('usage', `custom-columns: "${part}" is not HEADER:PATH`, {
        hint: 'write it as for kubectl: custom-columns=NAME:.metadata.name,PHASE:.phase',
      });
    }
    return { header: part.slice(0, colon), path: parsePath(part.slice(colon + 1)) };
  });
}
