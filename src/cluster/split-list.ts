/**
 * Splits the JSON of a list into its items, which the caller parses one by one: V8 frees each as soon as the caller has
 * taken what it keeps of it. The values of a whole page take several times its length, and stay until much later.
 */

export interface SplitList {
  /** The list with a 0 in place of each item. */
  readonly list: unknown;
  /** Parses each item when it is asked for it. Throws SyntaxError if an item is not valid JSON. */
  readonly items: Iterable<unknown>;
}

export interface SplitOptions {
  /** Leaves `metadata.managedFields` of each item empty without parsing it: it is often half of an object. */
  readonly withoutManagedFields: boolean;
}

const quote = 0x22;
const backslash = 0x5c;
const openObject = 0x7b;
const closeObject = 0x7d;
const openArray = 0x5b;
const closeArray = 0x5d;

const keys = {
  items: Buffer.from('items'),
  metadata: Buffer.from('metadata'),
  managedFields: Buffer.from('managedFields'),
};

/** How many brackets are open around a key or item: in the list, in its `items`, in an item, in the item's metadata. */
const inList = 1;
const inItems = 2;
const inItem = 3;
const inMetadata = 4;

/** Positions in the bytes: of an item, and of what comes after the place that it had with its managed fields. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly next: number;
}

/**
 * Throws SyntaxError if the list is not valid JSON, and if an item is not an object. Moves the bytes of items whose
 * managed fields are left out: the caller must not read `json` afterwards, nor change it before the items are taken.
 */
export function splitList(json: Buffer, { withoutManagedFields }: SplitOptions): SplitList {
  const spans = spansOf(json, withoutManagedFields);
  const text = (from: number, to: number) => json.toString(undefined, from, to);
  let rest = '';
  let at = 0;
  for (const { from, next } of spans) {
    rest += `${text(at, from)}0`;
    at = next;
  }
  const list: unknown = JSON.parse(rest + text(at, json.length));
  if (spans.length !== lengthOf(list)) throw new SyntaxError('an item of the list is not an object');
  return {
    list,
    items: {
      *[Symbol.iterator]() {
        for (const { from, to } of spans) yield JSON.parse(text(from, to)) as unknown;
      },
    },
  };
}

function spansOf(json: Buffer, withoutManagedFields: boolean): readonly Span[] {
  const spans: Span[] = [];
  let depth = 0;
  // The last text in quotes: before the bracket of a value in an object, it is the value's key.
  let keyFrom = 0;
  let keyTo = 0;
  const isKey = (key: Buffer) => {
    if (keyTo - keyFrom !== key.length) return false;
    for (let index = 0; index < key.length; index++) if (json[keyFrom + index] !== key[index]) return false;
    return true;
  };
  let isInItems = false;
  let isInMetadata = false;
  let from = 0;
  let fieldsFrom = 0;
  let fieldsTo = 0;

  const { length } = json;
  for (let at = 0; at < length; at++) {
    const byte = json[at] ?? 0;
    if (byte === quote) {
      keyFrom = ++at;
      for (; at < length; at++) {
        const each = json[at];
        if (each === quote) break;
        if (each === backslash) at++;
      }
      keyTo = at;
      continue;
    }
    if (byte < openArray) continue;
    switch (byte) {
      case openObject:
        if (isInItems && depth === inItems) {
          from = at;
          fieldsFrom = fieldsTo = 0;
        } else if (isInItems && depth === inItem) isInMetadata = isKey(keys.metadata);
        depth++;
        break;
      case openArray:
        if (depth === inList && isKey(keys.items)) isInItems = true;
        else if (withoutManagedFields && isInMetadata && depth === inMetadata && isKey(keys.managedFields))
          fieldsFrom = at + 1;
        depth++;
        break;
      case closeArray:
        depth--;
        if (depth === inList) isInItems = false;
        else if (depth === inMetadata && fieldsFrom > fieldsTo) fieldsTo = at;
        break;
      case closeObject:
        depth--;
        if (depth === inItem) isInMetadata = false;
        else if (isInItems && depth === inItems) {
          const next = at + 1;
          if (fieldsTo > fieldsFrom) json.copyWithin(fieldsFrom, fieldsTo, next);
          spans.push({ from, to: next - (fieldsTo > fieldsFrom ? fieldsTo - fieldsFrom : 0), next });
        }
        break;
    }
  }
  return spans;
}

function lengthOf(list: unknown): number {
  const { items } = (list ?? {}) as { items?: unknown };
  return Array.isArray(items) ? items.length : 0;
}
