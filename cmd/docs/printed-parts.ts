/**
 * The parts of a page that are printed from the code. Each stands between the comments `<!-- printed: NAME -->` and
 * `<!-- end of NAME -->`; the rest of the page is written by hand.
 */

/** Returns the page with these parts. @throws Error if the page lacks the place of one, or has a place for another. */
export function withPrintedParts(page: string, parts: ReadonlyMap<string, string>): string {
  const places = [...page.matchAll(/^<!-- printed: (\S+) -->$/gm)].map(([, name = '']) => name);
  const differing = [...new Set(places).symmetricDifference(new Set(parts.keys()))];
  if (differing.length > 0) throw new Error(`on the page or printed, but not both: ${differing.join(', ')}`);
  return [...parts].reduce((text, [name, part]) => {
    const [begin, end] = [`<!-- printed: ${name} -->\n`, `<!-- end of ${name} -->`];
    const from = text.indexOf(begin) + begin.length;
    const to = text.indexOf(end, from);
    if (to < 0) throw new Error(`the page lacks ${end}`);
    return `${text.slice(0, from)}\n${part.trim()}\n\n${text.slice(to)}`;
  }, page);
}
