/** What the files in a binary are called, and what a chunk is. */

/** Of the file that holds the name of the first chunk. */
export const entryAsset = 'entry';

/** Of V8's code for a chunk. */
export function compiledCode(chunk: string): string {
  return `${chunk}.code`;
}

/** By a name as the chunks have it: `./x.js` is a chunk, all else a module of Node. */
type Load = (name: string) => unknown;

/** What the code of a chunk evaluates to. */
export type ChunkFunction = (
  exports: unknown,
  load: Load,
  module: { exports: unknown },
  importMetaUrl: string,
) => void;
