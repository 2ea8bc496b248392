/** Asks the API server whether it would admit the objects that a snapshot creates. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { pods, type Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { admissionTrials } from '#src/domain/checks/admission.ts';
import type { Facts, Read, Verdict } from '#src/domain/checks/check.ts';
import { podTrials } from '#src/domain/checks/job-pods.ts';
import { isStashError } from '#src/errors.ts';

import type { NamespaceReader } from './namespace-reader.ts';

/** Tries only kinds that the API server serves, and that the user may create. */
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
    trials.map(async ([resource, object]) => ({ resource, ...(await verdictOn(cluster, resource, object)) })),
  );
}

export async function tryPods(
  { cluster, namespace, missing }: NamespaceReader,
  facts: Parameters<typeof podTrials>[0],
): Promise<Facts['jobPods']> {
  const trials = podTrials(facts);
  const [lacks] = trials.length === 0 ? [] : await missing([{ verb: 'create', resource: pods }]);
  const verdicts = new Map<string, Read<Verdict>>();
  for (const { pod, configurations } of trials) {
    const read = lacks ? { lacks, namespace } : { value: await verdictOn(cluster, pods, pod) };
    for (const name of configurations) verdicts.set(name, read);
  }
  return verdicts;
}

async function verdictOn(cluster: Cluster, resource: Resource, object: KubernetesObject): Promise<Verdict> {
  try {
    await cluster.create(resource, object, { dryRun: true });
    return { refusal: undefined };
  } catch (error) {
    if (!isStashError(error, 'forbidden', 'invalid', 'server', 'precondition')) throw error;
    const { message: refusal, hint } = error;
    return { refusal, ...(hint !== undefined && { hint }) };
  }
}
