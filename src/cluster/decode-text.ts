/** PURE. Turns the bytes of a file into text: UTF-8, or UTF-16 with a byte order mark. */

export class NotText extends Error {
  readonly code = 'ENOTTEXT';
  constructor(cause: unknown) {
    super('neither UTF-8 nor UTF-16', { cause });
  }
}

/** Throws NotText. With `lossy`, bytes that are no characters become U+FFFD instead. */
export function decodeText(bytes: Uint8Array, { lossy = false } = {}): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: !lossy }).decode(bytes);
  } catch (error) {
    throw new NotText(error);
  }
}
