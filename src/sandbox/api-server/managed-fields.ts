/**
 * PURE. Records in `metadata.managedFields` which client wrote a field last: `spec.replicas` of a workload, and
 * `spec.volumeName` of a claim. A real server records all fields. After a scale that changes nothing, Kubernetes
 * 1.36 does not record the later ones, so that no client owns the replicas; the sandbox records them.
 */
import { isDeepStrictEqual } from 'node:util';

import type { ManagedFields } from '#src/api/kubernetes.ts';
import { apiVersionOf, persistentVolumeClaims } from '#src/api/resources.ts';

import { at, without } from './json.ts';
import { collectionOf, type Kind } from './kind.ts';
import type { ApiObject } from './object.ts';

export interface Writer {
  /** Default `unknown`. */
  readonly manager?: string | undefined;
  /** What the client applies on the server; left out for any other write. */
  readonly applied?: unknown;
  readonly through?: 'scale';
}

/** Returns the object after the write. A client that changes a field takes it from all others. */
export function withManagers(
  kind: Kind,
  before: ApiObject | undefined,
  after: ApiObject,
  { manager = 'unknown', applied, through }: Writer,
): ApiObject {
  const field = recordedField(kind);
  if (field === undefined) return after;
  const mine = {
    manager,
    operation: applied === undefined ? 'Update' : 'Apply',
    apiVersion: apiVersionOf(kind),
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': { [`f:${field}`]: {} } },
    ...(through && { subresource: through }),
  } satisfies ManagedFields;
  const isMine = (it: ManagedFields): boolean => isDeepStrictEqual(it, mine);
  const value = at(after, 'spec', field);
  const isChanged = !isDeepStrictEqual(value, at(before, 'spec', field));
  const kept = isChanged ? [] : (before?.metadata.managedFields ?? []);
  const isWritten =
    applied === undefined ? isChanged && value !== undefined : at(applied, 'spec', field) !== undefined;
  const others = kept.filter((it) => !isMine(it));
  const isGivenUp = applied !== undefined && !isWritten;
  const managedFields =
    isWritten && others.length === kept.length ? [...kept, mine] : isGivenUp ? others : kept;
  const metadata = without({ ...after.metadata }, 'managedFields');
  return { ...after, metadata: { ...metadata, ...(managedFields.length > 0 && { managedFields }) } };
}

function recordedField(kind: Kind): string | undefined {
  if (kind.scale) return 'replicas';
  return collectionOf(kind) === collectionOf(persistentVolumeClaims) ? 'volumeName' : undefined;
}
