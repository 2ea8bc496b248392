/** Labels that the user leaves out of restored claims: `--strip-label team.example.com/owner,sync.example.com/`. */
import { StashError } from '#src/errors.ts';

/** A name that the API server accepts, or the prefix of a name up to its slash. */
const prefix = '[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/';
const name = '[A-Za-z0-9](?:[-\\w.]*[A-Za-z0-9])?';
const labels = new RegExp(`^(?:${prefix}|(?:${prefix})?${name})$`);

/**
 * Returns a function that says whether a label is left out. A word that ends with a slash means all labels of that
 * prefix.
 * @throws StashError 'usage' for a word that is neither a label's name nor a prefix
 */
export function parseStripped(words: readonly string[]): (label: string) => boolean {
  for (const word of words) {
    if (labels.test(word)) continue;
    throw new StashError('usage', `--strip-label: "${word}" is not the name of a label`, {
      hint: 'write it as in --strip-label team.example.com/owner, or --strip-label team.example.com/ for all labels of that prefix',
    });
  }
  return (label) => words.some((word) => (word.endsWith('/') ? label.startsWith(word) : label === word));
}
