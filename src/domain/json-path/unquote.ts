const simple: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};
const escape = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-3][0-7]{2})|([^]?))/g;

/**
 * Returns the text with Go's escapes resolved (`\n`, `\t`, `\x41`, `\u00e9`). Undefined if it has an unknown escape.
 */
export function unquote(written: string): string | undefined {
  const parts: string[] = [];
  let end = 0;
  for (const { 0: found, index, ...groups } of written.matchAll(escape)) {
    const character = characterOf(groups);
    if (character === undefined) return undefined;
    parts.push(written.slice(end, index), character);
    end = index + found.length;
  }
  return [...parts, written.slice(end)].join('');
}

function characterOf(groups: Readonly<Record<number, string | undefined>>): string | undefined {
  const hex = groups[1] ?? groups[2] ?? groups[3];
  const octal = groups[4];
  if (hex === undefined && octal === undefined) return simple[groups[5] ?? ''];
  const code = hex === undefined ? parseInt(octal ?? '', 8) : parseInt(hex, 16);
  return code > 0x10ffff ? undefined : String.fromCodePoint(code);
}
