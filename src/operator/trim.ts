/** PURE. Removes the fields that no reconciler reads, so that the caches stay small. */
import type { KubernetesObject, Pod, Stored } from '#src/api/kubernetes.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** The object without managed fields and kubectl's last-applied-configuration. */
export function trimBookkeeping<T extends KubernetesObject>(object: Stored<T>): Stored<T> {
  const metadata: Stored<T>['metadata'] & { managedFields?: unknown } = { ...object.metadata };
  delete metadata.managedFields;
  if (metadata.annotations?.[lastApplied] !== undefined) {
    metadata.annotations = Object.fromEntries(
      Object.entries(metadata.annotations).filter(([name]) => name !== lastApplied),
    );
  }
  return { ...object, metadata };
}

/** The pod without its spec, except the node and the names of its containers. */
export function trimPod(pod: Stored<Pod>): Stored<Pod> {
  const { nodeName, containers } = pod.spec;
  return {
    ...trimBookkeeping(pod),
    spec: {
      ...(nodeName !== undefined && { nodeName }),
      containers: containers.map(({ name }) => ({ name })),
    },
  };
}

/** The object's identity, version and timestamps only. */
export function trimToExistence({
  apiVersion,
  kind,
  metadata,
}: Stored<KubernetesObject>): Stored<KubernetesObject> {
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      ...{ name, uid, resourceVersion, creationTimestamp },
      ...(namespace !== undefined && { namespace }),
      ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    },
  };
}
