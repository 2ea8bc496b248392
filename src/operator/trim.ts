/** PURE. What stays in memory of an object: whatever somebody reads, and nothing that is only large. */
import type { KubernetesObject, Pod, Stored } from '#src/api/kubernetes.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Without the bookkeeping of `apply`. */
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

/** What became of it, and where; not what runs in it. */
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

/** That it is there, and whether it is going. */
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
