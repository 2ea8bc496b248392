/** An object of any kind, as the server holds it. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';

export interface ApiObject extends KubernetesObject {
  [field: string]: unknown;
}

export type StoredObject = Stored<ApiObject>;

/** RFC 3339 to the second, as every time in the API is written. */
export function timestamp(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
