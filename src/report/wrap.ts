/** Breaks text into lines. */
import { cutEnd } from '#src/domain/ellipsis.ts';

/** Enough for a sentence of ours with long names. A driver may report a whole page. */
export const mostLines = 5;

/**
 * Returns lines of at most `columns`, broken at spaces. A longer word continues on the next line. Cuts the end of the
 * text only if there would be more than `most` lines.
 */
export function wrap(text: string, columns: number, most = mostLines): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > columns && lines.length < most - 1) {
    const space = rest.lastIndexOf(' ', columns);
    const end = space > 0 ? space : columns;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, cutEnd(rest, columns)];
}
