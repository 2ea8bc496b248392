import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { stashGroup } from '#src/api/labels.ts';
import { apiVersionOf, type Resource } from '#src/api/resources.ts';

/** What a server has of a kind need not be what its type says: in the end every object is. */
export function present<T extends KubernetesObject>(resource: Resource<T>, object: Stored<T>): Stored<T> {
  const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
  const least = resource.group === stashGroup ? leastSpecs[resource.kind] : undefined;
  if (least === undefined) return { ...type, ...object };
  const { spec } = object as { spec?: object };
  return { ...type, ...object, spec: { ...least, ...spec } };
}

/**
 * The definitions of Stash demand no spec, nor an invoker in it: then it is there all the same, and says nothing. Else
 * one object without a meaning would be the end of every command, and of the operator.
 */
const leastSpecs: Readonly<Record<string, object>> = {
  BackupConfiguration: { retentionPolicy: { name: '', prune: false } },
  BackupSession: { invoker: { kind: '', name: '' } },
  RestoreSession: {},
};
