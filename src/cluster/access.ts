/** Asks the API server what the user may do. */
import { selfSubjectAccessReviews } from '#src/api/resources.ts';
import type { Right } from '#src/domain/rights.ts';

import type { Cluster } from './port.ts';

export interface PlacedRight extends Right {
  /** Left out: in all namespaces, or of a cluster-scoped kind. */
  readonly namespace?: string | undefined;
}

/** Resolves with the rights that the API server refuses. Asks for all of them at the same time. */
export async function refusedRights(
  cluster: Cluster,
  rights: readonly PlacedRight[],
): Promise<PlacedRight[]> {
  const answers = await Promise.all(rights.map((right) => isAllowed(cluster, right)));
  return rights.filter((_, index) => !answers[index]);
}

/** True, too, if the API server does not say. */
async function isAllowed(
  cluster: Cluster,
  { verb, resource, subresource, namespace }: PlacedRight,
): Promise<boolean> {
  const { status } = await cluster.create(selfSubjectAccessReviews, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    metadata: {},
    spec: {
      resourceAttributes: {
        ...(namespace !== undefined && { namespace }),
        verb,
        group: resource.group,
        resource: resource.plural,
        ...(subresource !== undefined && { subresource }),
      },
    },
  });
  return status?.allowed ?? true;
}
