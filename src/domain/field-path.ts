/**
 * Builds and parses the field paths in errors: `spec.target.rules[0].include`,
 * `metadata.labels["app.kubernetes.io/name"]`.
 */

/** Returns the path of `key` below `parent`. `parent` is empty for a top-level field. */
export function fieldPath(parent: string, key: string | number): string {
  if (typeof key === 'number') return `${parent}[${key}]`;
  if (!/^[\w$-]+$/.test(key)) return `${parent}[${JSON.stringify(key)}]`;
  return parent === '' ? key : `${parent}.${key}`;
}

/** Returns the keys of a path that `fieldPath` built. */
export function fieldKeys(path: string): (string | number)[] {
  const parts = path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[]+)/g);
  return Array.from(parts, ([, index, quoted, plain]) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? (plain ?? '') : String(JSON.parse(quoted));
  });
}
