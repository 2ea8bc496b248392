/** Paths as an error shows them: `spec.target.rules[0].include`, `metadata.labels["app.kubernetes.io/name"]`. */

/** `parent` is empty for a field of the object itself. */
export function fieldPath(parent: string, key: string | number): string {
  if (typeof key === 'number') return `${parent}[${key}]`;
  if (!/^[\w$-]+$/.test(key)) return `${parent}[${JSON.stringify(key)}]`;
  return parent === '' ? key : `${parent}.${key}`;
}

/** What `fieldPath` joined, taken apart again. */
export function fieldKeys(path: string): (string | number)[] {
  const parts = path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[]+)/g);
  return Array.from(parts, ([, index, quoted, plain]) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? (plain ?? '') : String(JSON.parse(quoted));
  });
}
