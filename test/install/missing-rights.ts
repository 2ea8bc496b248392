import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { selfSubjectAccessReviews, type Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

/** Wraps a cluster that refuses these kinds to every user. */
export function withoutRights(...plurals: readonly string[]) {
  return (cluster: Cluster): Cluster => ({
    ...cluster,
    async create<T extends KubernetesObject>(resource: Resource<T>, object: T) {
      const answer = await cluster.create(resource, object);
      if ((resource as Resource) !== selfSubjectAccessReviews) return answer;
      const { spec } = object as unknown as { spec: { resourceAttributes: { resource: string } } };
      const allowed = !plurals.includes(spec.resourceAttributes.resource);
      return { ...answer, status: { allowed } } as Stored<T>;
    },
  });
}
