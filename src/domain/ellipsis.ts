/** Shortens lines that are too long for the terminal. */

/** Cuts the end of the text. */
export function cutEnd(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}

/** Cuts the middle of the text: the end of a name often is an ordinal or a time. */
export function cutMiddle(text: string, columns: number): string {
  if (text.length <= columns) return text;
  const kept = Math.max(0, columns - 1);
  const tail = Math.floor(kept / 2);
  return `${text.slice(0, kept - tail)}…${text.slice(text.length - tail)}`;
}
