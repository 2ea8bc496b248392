/** One template from two texts: what they share stands once, the rest under a condition. */

/** The lines of `off` if the condition is false, of `on` if it is true. */
export function mergeLines(
  condition: string,
  off: readonly string[],
  on: readonly string[],
): readonly string[] {
  const merged: string[] = [];
  let [atOff, atOn] = [0, 0];
  for (const [inOff, inOn] of [...sharedLines(off, on), [off.length, on.length] as const]) {
    merged.push(...conditional(condition, off.slice(atOff, inOff), on.slice(atOn, inOn)));
    merged.push(...off.slice(inOff, inOff + 1));
    [atOff, atOn] = [inOff + 1, inOn + 1];
  }
  return merged;
}

function conditional(condition: string, off: readonly string[], on: readonly string[]): readonly string[] {
  if (off.length === 0 && on.length === 0) return [];
  if (on.length === 0) return [`{{- if not (${condition}) }}`, ...off, '{{- end }}'];
  const otherwise = off.length === 0 ? [] : ['{{- else }}', ...off];
  return [`{{- if ${condition} }}`, ...on, ...otherwise, '{{- end }}'];
}

/** Positions in both of a longest common subsequence of lines. */
function sharedLines(
  one: readonly string[],
  other: readonly string[],
): readonly (readonly [number, number])[] {
  const lengths = Array.from({ length: one.length + 1 }, () => new Array<number>(other.length + 1).fill(0));
  const lengthAt = (i: number, j: number) => lengths[i]?.[j] ?? 0;
  for (let i = one.length - 1; i >= 0; i--) {
    const row = lengths[i] ?? [];
    for (let j = other.length - 1; j >= 0; j--) {
      row[j] =
        one[i] === other[j] ? lengthAt(i + 1, j + 1) + 1 : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1));
    }
  }
  const shared: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < one.length && j < other.length;) {
    if (one[i] === other[j]) shared.push([i++, j++]);
    else if (lengthAt(i + 1, j) >= lengthAt(i, j + 1)) i++;
    else j++;
  }
  return shared;
}
