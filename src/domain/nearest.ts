import { distance } from 'fastest-levenshtein';

import { sanitize } from './sanitize.ts';

/**
 * Returns the candidate with the fewest edits from `word`, ignoring case. Undefined if none is within one edit for
 * every three letters, and three in all. Never returns the word itself, a name with other digits (another ordinal or
 * time, not a misspelling), or a name that a terminal would not show as it is.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const lower = word.toLowerCase();
  let best: string | undefined;
  let fewest = Math.min(3, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const edits = distance(lower, candidate.toLowerCase());
    if (edits >= fewest || candidate === word || digits(candidate) !== digits(word)) continue;
    if (sanitize(candidate) === candidate) [best, fewest] = [candidate, edits];
  }
  return best;
}

function digits(text: string): string {
  return text.replaceAll(/\D/g, '');
}

/** `, did you mean "volumeClaimTemplates"?` for the end of an error; empty if no candidate is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const near = nearest(word, candidates);
  return near === undefined ? '' : `, did you mean "${near}"?`;
}
