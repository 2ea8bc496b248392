import type { Cast } from './cast.ts';
import { framesOf } from './frames.ts';
import { drawFrames } from './svg.ts';

/** Resolves with the picture of a recording, as SVG. */
export async function draw(cast: Cast): Promise<string> {
  return drawFrames(await framesOf(cast), cast.columns, cast.title);
}
