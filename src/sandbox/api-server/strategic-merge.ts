/**
 * Strategic merge patch of built-in kinds: like a merge patch, but lists of named items are merged item by
 * item. Directives: `$patch`, `$retainKeys`, `$setElementOrder/...`, `$deleteFromPrimitiveList/...`.
 */
import { isObject, type JsonObject } from './json.ts';

const mergeKeys: Readonly<Record<string, readonly string[]>> = {
  conditions: ['type'],
  containers: ['name'],
  env: ['name'],
  ephemeralContainers: ['name'],
  hostAliases: ['ip'],
  imagePullSecrets: ['name'],
  initContainers: ['name'],
  ownerReferences: ['uid'],
  // The first key is for a container's ports, the second for a service's.
  ports: ['containerPort', 'port'],
  secrets: ['name'],
  topologySpreadConstraints: ['topologyKey'],
  volumeDevices: ['devicePath'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
};
/** Lists of plain values that are merged as sets, not replaced. */
const sets = new Set(['finalizers']);

const directive = /^\$(patch|retainKeys|setElementOrder\/.*|deleteFromPrimitiveList\/.*)$/;

/** Returns the patched value; `target` is unchanged. */
export function strategicMerge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  if (patch['$patch'] === 'delete') return {};
  if (patch['$patch'] === 'replace') return withoutDirectives(patch);
  const result = retained(isObject(target) ? target : {}, patch['$retainKeys']);
  for (const [key, value] of Object.entries(patch)) {
    if (directive.test(key)) continue;
    if (value === null) Reflect.deleteProperty(result, key);
    else if (Array.isArray(value)) {
      result[key] = mergeList(key, result[key], value, patch[`$setElementOrder/${key}`] ?? value);
    } else result[key] = strategicMerge(result[key], value);
  }
  for (const [key, value] of Object.entries(patch)) {
    const field = /^\$deleteFromPrimitiveList\/(.*)$/.exec(key)?.[1];
    const list = field === undefined ? undefined : result[field];
    if (field !== undefined && Array.isArray(list) && Array.isArray(value)) {
      result[field] = list.filter((item) => !value.includes(item));
    }
  }
  for (const [key, order] of Object.entries(patch)) {
    const field = /^\$setElementOrder\/(.*)$/.exec(key)?.[1];
    const list = field === undefined ? undefined : result[field];
    if (field !== undefined && Array.isArray(list) && Array.isArray(order))
      result[field] = arrange(field, list, list, order);
  }
  return result;
}

function retained(target: JsonObject, keys: unknown): JsonObject {
  if (!Array.isArray(keys)) return { ...target };
  return Object.fromEntries(Object.entries(target).filter(([key]) => keys.includes(key)));
}

function mergeList(field: string, current: unknown, patch: readonly unknown[], order: unknown): unknown[] {
  const before: unknown[] = Array.isArray(current) ? current : [];
  const inOrder = (list: readonly unknown[]) =>
    arrange(field, list, before, Array.isArray(order) ? order : []);
  if (sets.has(field)) return inOrder([...new Set([...before, ...patch])]);
  const replaces = patch.some(
    (item) => isObject(item) && item['$patch'] === 'replace' && Object.keys(item).length === 1,
  );
  if (mergeKeys[field] === undefined || replaces) {
    return patch.filter((item) => !(isObject(item) && '$patch' in item)).map(withoutDirectives);
  }
  let list = before;
  for (const item of patch) {
    const identity = identityOf(field, item);
    const same = (other: unknown): boolean => identity !== undefined && identityOf(field, other) === identity;
    if (isObject(item) && item['$patch'] === 'delete') list = list.filter((other) => !same(other));
    else if (list.some(same)) list = list.map((other) => (same(other) ? strategicMerge(other, item) : other));
    else list = [...list, strategicMerge({}, item)];
  }
  return inOrder(list);
}

function identityOf(field: string, item: unknown): string | undefined {
  if (!isObject(item)) return sets.has(field) ? JSON.stringify(item) : undefined;
  const key = mergeKeys[field]?.find((name) => item[name] !== undefined);
  return key === undefined ? undefined : JSON.stringify(item[key]);
}

/**
 * Sorts the items that `order` names into that order. An item that it does not name keeps its place before
 * the items it preceded, and goes after new ones.
 */
function arrange(
  field: string,
  list: readonly unknown[],
  before: readonly unknown[],
  order: readonly unknown[],
): unknown[] {
  const placeIn = (places: readonly unknown[]) => {
    const identities = places.map((item) => identityOf(field, item));
    return (item: unknown) => identities.indexOf(identityOf(field, item));
  };
  const [placeOf, oldPlaceOf] = [placeIn(order), placeIn(before)];
  const named = list.filter((item) => placeOf(item) !== -1).sort((a, b) => placeOf(a) - placeOf(b));
  const others = list.filter((item) => placeOf(item) === -1);
  const result: unknown[] = [];
  for (const item of named) {
    const old = oldPlaceOf(item);
    while (others[0] !== undefined && old !== -1 && oldPlaceOf(others[0]) < old) result.push(others.shift());
    result.push(item);
  }
  return [...result, ...others];
}

function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !directive.test(key))
      .map(([key, child]) => [key, withoutDirectives(child)]),
  );
}
