/** Strings that come from a cluster were written by anybody: they must not steer the terminal that shows them. */

/** Escape sequences whole: operating system commands and the like with their text, then all shorter ones. */
const stringSequence = /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\p{Cc}]*(?:\u0007|\u001b\\|\u009c)/gu;
const controlSequence = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]/gu;
const breaks = /[\t-\r\u0085\u2028\u2029]+/gu;
/** Controls, formats (bidirectional overrides, zero-width characters) and halves of surrogate pairs. */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}]/gu;

/** `text` on one line, without anything that moves a cursor, colours, reorders or hides. */
export function sanitize(text: string): string {
  return text
    .replaceAll(stringSequence, '')
    .replaceAll(controlSequence, '')
    .replaceAll(breaks, ' ')
    .replaceAll(invisible, '');
}
