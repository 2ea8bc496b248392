/** Asks the API server whether it would admit what a snapshot creates. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { admissionTrials } from '#src/domain/checks/admission.ts';
import type { Admission, Facts } from '#src/domain/checks/check.ts';
import { isStashError } from '#src/errors.ts';

import type { NamespaceReader } from './namespace-reader.ts';

/** Only of kinds that the server serves, and that the user may create. */
export async function tryAdmission(
  { cluster, namespace }: NamespaceReader,
  served: Facts['served'],
  missing: Facts['missing'],
): Promise<Facts['admission']> {
  const barred = (missing.get('snapshot') ?? []).filter(({ verb }) => verb === 'create');
  const trials = admissionTrials(namespace).filter(
    ([resource]) =>
      served(resource).includes(resource.plural) && !barred.some((right) => right.resource === resource),
  );
  return Promise.all(
    trials.map(async ([resource, object]) => ({ resource, ...(await refusalOf(cluster, resource, object)) })),
  );
}

async function refusalOf(
  cluster: Cluster,
  resource: Resource,
  object: KubernetesObject,
): Promise<Omit<Admission, 'resource'>> {
  try {
    await cluster.create(resource, object, { dryRun: true });
    return { refusal: undefined };
  } catch (error) {
    if (!isStashError(error, 'forbidden', 'invalid', 'server', 'precondition')) throw error;
    const { message: refusal, hint } = error;
    return { refusal, ...(hint !== undefined && { hint }) };
  }
}
