import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

/** `cluster`, but `interfere` handles creations of `resource`: it may throw, before or after `send`. */
export function onCreate(
  cluster: Cluster,
  resource: Resource,
  interfere: <T>(object: KubernetesObject, send: () => Promise<T>) => Promise<T>,
): Cluster {
  return {
    ...cluster,
    create: (kind, object, options) => {
      const send = () => cluster.create(kind, object, options);
      return kind.plural === resource.plural ? interfere(object, send) : send();
    },
  };
}
