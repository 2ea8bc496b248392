/** PURE. Applies the API's patch formats. */
import { isDeepStrictEqual } from 'node:util';

import type { PatchType } from '#src/cluster/port.ts';

import { isObject, type JsonObject } from './json.ts';
import { ApiError, badRequest } from './status.ts';
import { strategicMerge } from './strategic-merge.ts';

/**
 * Returns the patched object. `apply` works without field managers: as a merge that keeps all fields the
 * patch does not mention.
 */
export function applyPatch(type: PatchType, object: JsonObject, patch: unknown, custom: boolean): JsonObject {
  const patched = type === 'json' ? jsonPatch(object, patch) : mergeAs(type, custom)(object, patch);
  if (!isObject(patched)) throw badRequest('the result of the patch is not an object');
  return patched;
}

function mergeAs(type: PatchType, custom: boolean): (target: unknown, patch: unknown) => unknown {
  return type === 'merge' || custom ? mergePatch : strategicMerge;
}

/** Merge patch, RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else define(result, key, mergePatch(Object.hasOwn(result, key) ? result[key] : undefined, value));
  }
  return result;
}

/** Sets a property, with `__proto__` as an ordinary key. */
function define(object: JsonObject, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}

/** JSON patch, RFC 6902. Throws Invalid if an operation does not fit the document. */
export function jsonPatch(document: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw badRequest('a JSON patch must be an array of operations');
  return operations.reduce(
    (result: unknown, operation: unknown) => jsonPatchStep(result, operation),
    document,
  );
}

function jsonPatchStep(document: unknown, operation: unknown): unknown {
  if (!isObject(operation) || typeof operation['path'] !== 'string') {
    throw badRequest('a JSON patch operation must have op and path');
  }
  const path = pointer(operation['path']);
  const from = typeof operation['from'] === 'string' ? pointer(operation['from']) : [];
  switch (operation['op']) {
    case 'add':
      return edit(document, path, 'add', operation['value']);
    case 'replace':
      return edit(document, path, 'replace', operation['value']);
    case 'remove':
      return edit(document, path, 'remove', undefined);
    case 'copy':
      return edit(document, path, 'add', read(document, from));
    case 'move':
      return edit(edit(document, from, 'remove', undefined), path, 'add', read(document, from));
    case 'test':
      if (!isDeepStrictEqual(read(document, path), operation['value'])) {
        throw unprocessable(`testing value ${operation['path']} failed`);
      }
      return document;
    default:
      throw unprocessable(`unknown JSON patch operation ${JSON.stringify(operation['op'])}`);
  }
}

function pointer(text: string): string[] {
  return text
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(document: unknown, path: readonly string[]): unknown {
  return path.reduce((here: unknown, step) => {
    const next: unknown = Array.isArray(here) ? here[indexOf(step, here.length - 1)] : fieldOf(here, step);
    if (next === undefined) throw missing(path);
    return next;
  }, document);
}

function edit(
  here: unknown,
  path: readonly string[],
  how: 'add' | 'replace' | 'remove',
  value: unknown,
): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (Array.isArray(here)) {
    const list: unknown[] = [...(here as unknown[])];
    const adding = how === 'add' && rest.length === 0;
    const index =
      adding && step === '-' ? list.length : indexOf(step, adding ? list.length : list.length - 1);
    if (rest.length > 0) list[index] = edit(list[index], rest, how, value);
    else list.splice(index, adding ? 0 : 1, ...(how === 'remove' ? [] : [value]));
    return list;
  }
  if (!isObject(here)) throw missing(path);
  if ((rest.length > 0 || how === 'remove') && !Object.hasOwn(here, step)) throw missing(path);
  const result = { ...here };
  if (rest.length === 0 && how === 'remove') Reflect.deleteProperty(result, step);
  else define(result, step, rest.length === 0 ? value : edit(here[step], rest, how, value));
  return result;
}

function fieldOf(here: unknown, step: string): unknown {
  return isObject(here) && Object.hasOwn(here, step) ? here[step] : undefined;
}

function indexOf(step: string, last: number): number {
  const index = /^(0|[1-9]\d*)$/.test(step) ? Number(step) : -1;
  if (index < 0 || index > last) throw unprocessable(`invalid index ${step} in a JSON patch`);
  return index;
}

function missing(path: readonly string[]): ApiError {
  return unprocessable(`the path "/${path.join('/')}" of a JSON patch does not exist`);
}

function unprocessable(message: string): ApiError {
  return new ApiError(
    422,
    'Invalid',
    `the server rejected our request due to an error in our request: ${message}`,
  );
}
