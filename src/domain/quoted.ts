/** Text of an object in a message: its author may have written a megabyte. */

const longest = 100;

/** The text, or the beginning of one that is too long for a message. */
export function shortened(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** `shortened` in quotation marks. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}
