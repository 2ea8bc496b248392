import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { stashGroup } from '#src/api/labels.ts';
import { apiVersionOf, type Resource } from '#src/api/resources.ts';

import { ClusterError } from './errors.ts';

/** Whether an answer has the metadata that every object and every list of the API has. */
export function hasMetadata(answer: unknown): answer is { readonly metadata: object } {
  const { metadata } = (answer ?? {}) as { metadata?: unknown };
  return typeof metadata === 'object' && metadata !== null;
}

/** Throws 'server' if the answer is not an object of the API. */
export function checked<T extends KubernetesObject>(resource: Resource<T>, answer: unknown): Stored<T> {
  if (!hasMetadata(answer)) throw new ClusterError('server', `the server's answer is not a ${resource.kind}`);
  return answer as Stored<T>;
}

/**
 * Returns the object with the fields that its type promises: a stored object may lack them. Throws 'server' if the
 * answer is not an object of the API.
 */
export function present<T extends KubernetesObject>(resource: Resource<T>, answer: unknown): Stored<T> {
  const object = checked(resource, answer);
  const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
  const isTyped = 'apiVersion' in object && 'kind' in object;
  const typed: Stored<T> = isTyped ? object : { ...type, ...(object as Stored<T>) };
  const least = resource.group === stashGroup ? leastSpecs[resource.kind] : undefined;
  if (least === undefined) return typed;
  const { spec } = object as { spec?: { target?: { volumeClaimTemplates?: object[] } } };
  const { target } = spec ?? {};
  const templates = target?.volumeClaimTemplates?.map((template) => ({ ...leastTemplate, ...template }));
  return {
    ...typed,
    spec: { ...least, ...spec, ...(templates && { target: { ...target, volumeClaimTemplates: templates } }) },
  };
}

const leastTemplate = { metadata: {}, spec: {} };

/**
 * Stash's definitions require neither `spec` nor `spec.invoker`, nor `metadata` and `spec` of a claim template. Empty
 * values stand in for them here; otherwise a single object without a spec would make every command, and the operator,
 * fail.
 */
const leastSpecs: Readonly<Record<string, object>> = {
  BackupConfiguration: { retentionPolicy: { name: '', prune: false } },
  BackupSession: { invoker: { kind: '', name: '' } },
  RestoreSession: {},
};
