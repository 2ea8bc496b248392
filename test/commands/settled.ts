/** Removes from the output what depends on the timing of a run. */

/** Without the states that a run may skip, and with the lines of claims sorted. */
export function settled(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => !line.includes(': Running'));
  const isClaim = (line: string) => /^(?:backup|restore)session\//.test(line);
  const claims = lines.filter(isClaim).sort().values();
  return lines.map((line) => (isClaim(line) ? (claims.next().value ?? '') : line)).join('\n');
}

/** What a terminal shows after `text`. It knows the escape sequences that a live table needs. */
export function screen(text: string): string {
  const lines: string[] = [''];
  let row = 0;
  let column = 0;
  for (const [token, up, erase] of text.matchAll(/\u001b\[(\d*)([A-Za-z])|\n|[^\n\u001b]+/g)) {
    const line = lines[row] ?? '';
    if (token === '\n') {
      row += 1;
      column = 0;
      lines[row] ??= '';
    } else if (erase === undefined) {
      lines[row] = line.slice(0, column).padEnd(column) + token + line.slice(column + token.length);
      column += token.length;
    } else if (erase === 'A') {
      row -= Number(up === '' ? 1 : up);
    } else if (erase === 'B') {
      row += Number(up === '' ? 1 : up);
    } else if (erase === 'G') {
      column = 0;
    } else if (erase === 'K') {
      lines[row] = up === '2' ? '' : line.slice(0, column);
    } else if (erase === 'm') {
      // A colour.
    } else {
      throw new Error(`unexpected sequence ${JSON.stringify(token)}`);
    }
  }
  return `${lines
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd()}\n`;
}

/** Replaces names and times that differ between runs. */
export function withoutIds(text: string): string {
  return text
    .replace(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UID')
    .replace(/\bcli-[0-9a-f]{8} \d+/g, 'EXECUTOR')
    .replace(/(resourceVersion"?: )["'][^"']*["']/g, '$1"N"');
}
