/** Makes strings from a cluster safe to print: they are untrusted and may contain terminal escape sequences. */
import { cutEnd, cutMiddle } from './ellipsis.ts';

/**
 * Complete escape sequences: first strings such as operating system commands, with their text; then control sequences.
 */
const stringSequence = /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\p{Cc}]*(?:\u0007|\u001b\\|\u009c)/gu;
const controlSequence = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]/gu;
const breaks = /[\t-\r\u0085\u2028\u2029]+/gu;
/** Control and format characters (bidirectional overrides, zero-width characters) and unpaired surrogates. */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}]/gu;

const plain = /^[\u0020-\u007e]*$/;

/** No name, and no part of a list of names, is longer. */
const longestWord = 1_024;
const longWord = new RegExp(`[^\\s,]{${longestWord + 1},}`, 'g');
const longestText = 30_000;

/**
 * Returns `text` on one line, without characters that move the cursor, change colours, reorder or hide text. Replaces
 * the middle of very long words and the end of a very long text with `…`.
 */
export function sanitize(text: string): string {
  if (text.length <= longestWord && plain.test(text)) return text;
  const line = text
    .replaceAll(stringSequence, '')
    .replaceAll(controlSequence, '')
    .replaceAll(breaks, ' ')
    .replaceAll(longWord, (word) => cutMiddle(word, longestWord));
  return cutEnd(line, longestText).replaceAll(invisible, '');
}
