import type { Scope } from './port.ts';

/** The collection that holds one object at the most: the one of this name. */
export function byName({ name, namespace }: { name: string; namespace?: string | undefined }): Scope {
  return { namespace, fieldSelector: `metadata.name=${name}` };
}
