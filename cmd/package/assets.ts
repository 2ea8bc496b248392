/** The names of the files inside a binary, and the type of a chunk. */

/** Name of the file that contains the name of the entry chunk. */
export const entryAsset = 'entry';

/** Returns the name of the file with V8's compiled code for a chunk. */
export function compiledCode(chunk: string): string {
  return `${chunk}.code`;
}

/**
 * Loads a module by the name in the chunk's source: `./x.js` is a chunk, any other name a built-in module of
 * Node.
 */
type Load = (name: string) => unknown;

/** The function that a chunk's code evaluates to. */
export type ChunkFunction = (
  exports: unknown,
  load: Load,
  module: { exports: unknown },
  importMetaUrl: string,
) => void;
