/** Finds the clients that wrote a field, by `metadata.managedFields`. */
import type { KubernetesObject, ManagedFields } from '#src/api/kubernetes.ts';

/** `path` are the names of nested fields, such as `spec`, `replicas`. */
export function managersOf({ metadata }: KubernetesObject, path: readonly string[]): ManagedFields[] {
  return (metadata.managedFields ?? []).filter(({ fieldsV1 }) => owns(fieldsV1, path));
}

function owns(fields: unknown, [name, ...rest]: readonly string[]): boolean {
  if (typeof fields !== 'object' || fields === null) return false;
  return name === undefined || owns((fields as Record<string, unknown>)[`f:${name}`], rest);
}
