/** Text of an object in a message: its author may have written a megabyte. */

const longest = 100;

/** The text, or the beginning of one that is too long for a message. */
export function shortened(text: string, most = longest): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** `shortened` in quotation marks. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}
