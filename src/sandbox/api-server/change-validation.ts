/** Rejects updates that change immutable fields of built-in objects. */
import { isDeepStrictEqual } from 'node:util';

import { parseQuantity } from '../quantity.ts';
import { validateJobChange } from './batch-validation.ts';
import { allow, check, immutable } from './field-errors.ts';
import { at, objectAt, stringAt, without, type JsonObject } from './json.ts';
import { collectionOf, type Kind } from './kind.ts';
import type { ApiObject } from './object.ts';
import type { Cause } from './status.ts';

const mutableOfStatefulSet = [
  ...['replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit'],
  ...['persistentVolumeClaimRetentionPolicy', 'minReadySeconds'],
];

/** All other fields of a volume's spec say where its data is. */
const mutableOfVolume = [
  ...['accessModes', 'capacity', 'claimRef', 'mountOptions', 'nodeAffinity', 'persistentVolumeReclaimPolicy'],
  ...['storageClassName', 'volumeAttributesClassName', 'volumeMode'],
];

export function validateChange(kind: Kind, before: ApiObject, after: ApiObject): Cause[] {
  const [was, is] = [objectAt(before, 'spec'), objectAt(after, 'spec')];
  switch (collectionOf(kind)) {
    case '/persistentvolumeclaims':
      return validateClaimChange(was, is, stringAt(before, 'status', 'phase') === 'Bound');
    case '/persistentvolumes':
      return [
        ...allow(
          isDeepStrictEqual(without(was, ...mutableOfVolume), without(is, ...mutableOfVolume)),
          'spec.persistentvolumesource',
          'spec.persistentvolumesource is immutable after creation',
        ),
        ...immutable('volumeMode', was['volumeMode'], is['volumeMode']),
        ...check(
          was['nodeAffinity'] === undefined || isDeepStrictEqual(was['nodeAffinity'], is['nodeAffinity']),
          'nodeAffinity',
          is['nodeAffinity'],
          'field is immutable, except for updating from beta label to GA',
        ),
      ];
    case 'apps/statefulsets':
      return keepSpec(
        without(was, ...mutableOfStatefulSet),
        without(is, ...mutableOfStatefulSet),
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
          "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
      );
    case 'apps/deployments':
    case 'apps/daemonsets':
    case 'apps/replicasets':
      return immutable('spec.selector', was['selector'], is['selector']);
    case 'batch/jobs':
      return validateJobChange(was, is);
    case 'rbac.authorization.k8s.io/rolebindings':
    case 'rbac.authorization.k8s.io/clusterrolebindings':
      return check(
        isDeepStrictEqual(before['roleRef'], after['roleRef']),
        'roleRef',
        after['roleRef'],
        'cannot change roleRef',
      );
    case 'storage.k8s.io/storageclasses':
      return ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'].flatMap((field) =>
        immutable(field, before[field], after[field]),
      );
    default:
      return [];
  }
}

function validateClaimChange(was: JsonObject, is: JsonObject, isBound: boolean): Cause[] {
  const fixed = (spec: JsonObject): JsonObject => ({
    ...without(spec, 'volumeAttributesClassName', ...(was['volumeName'] === undefined ? ['volumeName'] : [])),
    ...(isBound && { resources: { ...objectAt(spec, 'resources'), requests: undefined } }),
  });
  const why =
    'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
  const [old, wanted] = [was, is].map(
    (spec) => parseQuantity(at(spec, 'resources', 'requests', 'storage')) ?? 0,
  );
  const field = 'spec.resources.requests.storage';
  return [
    ...keepSpec(fixed(was), fixed(is), why),
    ...allow(!isBound || (wanted ?? 0) >= (old ?? 0), field, 'field can not be less than status.capacity'),
  ];
}

function keepSpec(was: unknown, is: unknown, why: string): Cause[] {
  return allow(isDeepStrictEqual(was, is), 'spec', why);
}
