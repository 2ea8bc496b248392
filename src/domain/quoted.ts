/** Shortens text of an object for messages: its author may have written a megabyte. */

const longest = 100;

/** Copies the first `most` characters: a slice would keep the whole text in memory. */
export function beginning(text: string, most: number): string {
  return text.length > most ? Buffer.from(text.slice(0, most), 'utf16le').toString('utf16le') : text;
}

/** Returns the text, or only its beginning if it is too long for a message. */
export function shortened(text: string, most = longest): string {
  return text.length > most ? `${beginning(text, most)}…` : text;
}

/** `shortened` in quotation marks. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}
