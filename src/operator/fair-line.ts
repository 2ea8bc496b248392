/** A waiting line that is fair by namespace: takes turns between namespaces, and limits the places of each. */

export interface FairLine<T> {
  /** Appends the item, or replaces the one with this id, which keeps its turn. */
  add(namespace: string, id: string, item: T): void;
  remove(namespace: string, id: string): void;
  /** Takes the next item out of the line, and gives it a place; undefined if none waits that may have one. */
  take(): T | undefined;
  /** Frees a place of the namespace. */
  free(namespace: string): void;
  readonly length: () => number;
  clear(): void;
}

/** The places that one namespace may hold: the others always find some, unless there is only one. */
export function placesOfNamespace(places: number): number {
  return Math.ceil(places / 2);
}

export function createFairLine<T>({
  places,
  perNamespace = placesOfNamespace(places),
}: {
  /** Number of items that may have a place at the same time. */
  readonly places: number;
  readonly perNamespace?: number | undefined;
}): FairLine<T> {
  /** The namespace whose turn is next comes first; each has an item that waits. */
  const lines = new Map<string, Map<string, T>>();
  const taken = new Map<string, number>();
  const total = () => taken.values().reduce((sum, count) => sum + count, 0);

  return {
    add(namespace, id, item) {
      const line = lines.get(namespace) ?? new Map<string, T>();
      lines.set(namespace, line.set(id, item));
    },
    remove(namespace, id) {
      const line = lines.get(namespace);
      line?.delete(id);
      if (line?.size === 0) lines.delete(namespace);
    },
    take() {
      if (total() >= places) return undefined;
      for (const [namespace, line] of lines) {
        const count = taken.get(namespace) ?? 0;
        if (count >= perNamespace) continue;
        for (const [id, item] of line) {
          taken.set(namespace, count + 1);
          line.delete(id);
          lines.delete(namespace);
          if (line.size > 0) lines.set(namespace, line);
          return item;
        }
      }
      return undefined;
    },
    free(namespace) {
      const count = taken.get(namespace) ?? 0;
      if (count > 1) taken.set(namespace, count - 1);
      else taken.delete(namespace);
    },
    length: () => lines.values().reduce((sum, line) => sum + line.size, 0),
    clear() {
      lines.clear();
    },
  };
}
