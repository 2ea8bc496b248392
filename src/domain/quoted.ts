/** Text of an object in a message: its author may have written a megabyte. */

const longest = 100;

/** A copy of the first `most` characters: a slice would keep the whole text in memory. */
export function beginning(text: string, most: number): string {
  return text.length > most ? Buffer.from(text.slice(0, most), 'utf16le').toString('utf16le') : text;
}

/** The text, or the beginning of one that is too long for a message. */
export function shortened(text: string, most = longest): string {
  return text.length > most ? `${beginning(text, most)}…` : text;
}

/** `shortened` in quotation marks. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}
