import type { Scope } from './port.ts';

/** The collection that holds one object at the most: the one of this name. Whatever a reference names, the selector is valid. */
export function byName({ name, namespace }: { name: string; namespace?: string | undefined }): Scope {
  const value = name.replaceAll(/[\\,=]/g, String.raw`\$&`);
  return { namespace, fieldSelector: `metadata.name=${value}` };
}
