/** Makes strings from a cluster safe to print: they are untrusted and may contain terminal escape sequences. */

/** Complete escape sequences: strings such as operating system commands, with their text; then control sequences. */
const stringSequence = /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\p{Cc}]*(?:\u0007|\u001b\\|\u009c)/gu;
const controlSequence = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]/gu;
const breaks = /[\t-\r\u0085\u2028\u2029]+/gu;
/** Control and format characters (bidirectional overrides, zero-width characters) and unpaired surrogates. */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}]/gu;

/** `text` on one line, without characters that move the cursor, change colours, reorder or hide text. */
export function sanitize(text: string): string {
  return text
    .replaceAll(stringSequence, '')
    .replaceAll(controlSequence, '')
    .replaceAll(breaks, ' ')
    .replaceAll(invisible, '');
}
