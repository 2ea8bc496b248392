/** Leaves out what no caller reads of an object: its owner may have written any number of fields. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';

import { defined } from './defined.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * The whole object, for a caller that keeps little of it: of a list with any trim, an adapter need not parse managed fields,
 * which are often half of the object.
 */
export function asListed<T extends KubernetesObject>(object: Stored<T>): Stored<T> {
  return object;
}

/** The object without managed fields and kubectl's last-applied-configuration. */
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

/** The object's identity, version and timestamps only; the caller adds what else its type promises. */
export function outline({ apiVersion, kind, metadata }: Stored<KubernetesObject>) {
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp } = metadata;
  const kept = { name, uid, resourceVersion, creationTimestamp, namespace, deletionTimestamp };
  return { apiVersion, kind, metadata: defined(kept) };
}
