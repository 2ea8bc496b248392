/**
 * Splits the JSON of a list into its items, which the caller parses one by one: V8 frees each as soon as the caller has
 * taken what it keeps of it. The values of a whole page take several times its length, and stay until much later.
 */

export interface SplitList {
  /** The list with a 0 in place of each item. */
  readonly list: unknown;
  /** Parses each item when it is asked for it. Throws SyntaxError where an item is not valid JSON. */
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

/** How many brackets are open around a key or item: in the list, in its `items`, in an item, in the item's metadata. */
const inList = 1;
const inItems = 2;
const inItem = 3;
const inMetadata = 4;

/** Positions in the text: of an item, and of the content of its managed fields; 0 if that is not to be left out. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly fieldsFrom: number;
  readonly fieldsTo: number;
}

/** Throws SyntaxError where the list is not valid JSON, and where an item is not an object. */
export function splitList(json: Buffer, { withoutManagedFields }: SplitOptions): SplitList {
  const spans = spansOf(json, withoutManagedFields);
  const text = (from: number, to: number) => json.toString('utf8', from, to);
  let rest = '';
  let at = 0;
  for (const { from, to } of spans) {
    rest += `${text(at, from)}0`;
    at = to;
  }
  const list: unknown = JSON.parse(rest + text(at, json.length));
  if (spans.length !== lengthOf(list)) throw new SyntaxError('an item of the list is not an object');
  return {
    list,
    items: {
      *[Symbol.iterator]() {
        for (const { from, to, fieldsFrom, fieldsTo } of spans) {
          const item = fieldsTo === 0 ? text(from, to) : text(from, fieldsFrom) + text(fieldsTo, to);
          yield JSON.parse(item) as unknown;
        }
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
  const isKey = (key: string) =>
    keyTo - keyFrom === key.length && json.toString('latin1', keyFrom, keyTo) === key;
  let isInItems = false;
  let isInMetadata = false;
  let from = 0;
  let fieldsFrom = 0;
  let fieldsTo = 0;

  for (let at = 0; at < json.length; at++) {
    switch (json[at] ?? 0) {
      case quote:
        keyFrom = ++at;
        for (; at < json.length && json[at] !== quote; at++) if (json[at] === backslash) at++;
        keyTo = at;
        break;
      case openObject:
        if (isInItems && depth === inItems) {
          from = at;
          fieldsFrom = fieldsTo = 0;
        } else if (isInItems && depth === inItem) isInMetadata = isKey('metadata');
        depth++;
        break;
      case openArray:
        if (depth === inList && isKey('items')) isInItems = true;
        else if (withoutManagedFields && isInMetadata && depth === inMetadata && isKey('managedFields'))
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
        else if (isInItems && depth === inItems) spans.push({ from, to: at + 1, fieldsFrom, fieldsTo });
        break;
    }
  }
  return spans;
}

function lengthOf(list: unknown): number {
  const { items } = (list ?? {}) as { items?: unknown };
  return Array.isArray(items) ? items.length : 0;
}
