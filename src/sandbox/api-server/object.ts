/** An object of any kind, as the server stores it. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';

export interface ApiObject extends KubernetesObject {
  [field: string]: unknown;
}

export type StoredObject = Stored<ApiObject>;

/** Formats a time as RFC 3339 in whole seconds, as the API does. */
export function timestamp(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
