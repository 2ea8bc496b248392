/** Removes the fields of an object that no caller reads: its owner may have written any number of fields. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';

import { defined } from './defined.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Returns the whole object, for a caller that keeps little of it. If a list has a trim, the adapter need not parse
 * managed fields, which are often half of the object.
 */
export function asListed<T extends KubernetesObject>(object: Stored<T>): Stored<T> {
  return object;
}

/** Returns the object without managed fields and kubectl's last-applied-configuration. */
export function trimBookkeeping<T extends KubernetesObject>(object: Stored<T>): Stored<T> {
  const metadata = { ...object.metadata };
  delete metadata.managedFields;
  if (metadata.annotations?.[lastApplied] !== undefined) {
    metadata.annotations = Object.fromEntries(
      Object.entries(metadata.annotations).filter(([name]) => name !== lastApplied),
    );
  }
  return { ...object, metadata };
}

/** Returns the object's identity, version and timestamps only. The caller adds the other fields of its type. */
export function outline({ apiVersion, kind, metadata }: Stored<KubernetesObject>) {
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp } = metadata;
  const kept = { name, uid, resourceVersion, creationTimestamp, namespace, deletionTimestamp };
  return { apiVersion, kind, metadata: defined(kept) };
}
