/** Checks the user's rights for a whole installation before the first write. */
import { selfSubjectAccessReviews } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { formatRight, type Right } from '#src/domain/rights.ts';
import { StashError } from '#src/errors.ts';

export interface PlacedRight extends Right {
  /** Left out: in all namespaces, or for a cluster-scoped resource. */
  readonly namespace?: string | undefined;
}

/**
 * Throws 'forbidden' with the missing rights, if any; `user` names the user in the message, `hint` is the
 * error's hint.
 */
export async function demandRights(
  cluster: Cluster,
  user: string,
  rights: readonly PlacedRight[],
  hint: string,
): Promise<void> {
  const distinct = [...new Map(rights.map((right) => [describeRight(right), right])).values()];
  const answers = await Promise.all(distinct.map((right) => isAllowed(cluster, right)));
  const missing = distinct.filter((_, index) => answers[index] === false);
  if (missing.length === 0) return;
  throw new StashError('forbidden', `user "${user}" may not ${missing.map(describeRight).join(', ')}`, {
    hint,
  });
}

async function isAllowed(cluster: Cluster, { verb, resource, subresource, namespace }: PlacedRight) {
  const { status } = await cluster.create(selfSubjectAccessReviews, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    metadata: {},
    spec: {
      resourceAttributes: {
        namespace: namespace ?? '',
        verb,
        group: resource.group,
        resource: resource.plural,
        ...(subresource !== undefined && { subresource }),
      },
    },
  });
  return status?.allowed ?? true;
}

function describeRight(right: PlacedRight): string {
  const where = right.namespace === undefined ? '' : ` in namespace ${right.namespace}`;
  return `${formatRight(right)}${where}`;
}
