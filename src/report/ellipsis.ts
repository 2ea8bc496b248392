/** Lines that are too long for the terminal lose what is least missed. */

/** The end gives way. */
export function cutEnd(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}

/** The middle gives way: ordinals and times stand at the end of a name. */
export function cutMiddle(text: string, columns: number): string {
  if (text.length <= columns) return text;
  const kept = Math.max(0, columns - 1);
  const tail = Math.floor(kept / 2);
  return `${text.slice(0, kept - tail)}…${text.slice(text.length - tail)}`;
}
