/** What the files in a binary are called. */

/** Of the file that holds the name of the first chunk. */
export const entryAsset = 'entry';

/** Of V8's code for a chunk. */
export function compiledCode(chunk: string): string {
  return `${chunk}.code`;
}
