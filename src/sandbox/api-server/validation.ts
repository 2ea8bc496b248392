/** Validates built-in kinds in the real server's words. Implements the rules that users commonly meet. */
import { isDeepStrictEqual } from 'node:util';

import { parseQuantity } from '../quantity.ts';
import { validateCronJob, validateJob } from './batch-validation.ts';
import { validateChange } from './change-validation.ts';
import { check, required, oneOf } from './field-errors.ts';
import { at, listAt, objectAt, stringAt, type JsonObject } from './json.ts';
import { collectionOf, type Kind } from './kind.ts';
import { validateMetadata, validateNewFinalizers } from './metadata-validation.ts';
import type { ApiObject, StoredObject } from './object.ts';
import { badRequest, type Cause } from './status.ts';
import { validatePodSpec, validateWorkload } from './workload-validation.ts';

export function validateCreate(kind: Kind, object: ApiObject): Cause[] {
  return [...validateMetadata(kind, object), ...validateContent(kind, object)];
}

export function validateUpdate(kind: Kind, before: StoredObject, after: ApiObject): Cause[] {
  return [
    ...validateCreate(kind, after),
    ...validateNewFinalizers(before, after),
    ...validateChange(kind, before, after),
  ];
}

function validateContent(kind: Kind, object: ApiObject): Cause[] {
  const spec = objectAt(object, 'spec');
  switch (collectionOf(kind)) {
    case '/persistentvolumeclaims':
      return validateClaim(spec, 'spec');
    case '/persistentvolumes':
      return validateVolume(spec);
    case '/pods':
      return validatePodSpec(spec, 'spec');
    case '/replicationcontrollers':
    case 'apps/deployments':
    case 'apps/daemonsets':
    case 'apps/replicasets':
    case 'apps/statefulsets':
      return [
        ...validateWorkload(kind, spec),
        ...validateRetention(objectAt(spec, 'persistentVolumeClaimRetentionPolicy')),
        ...listAt(spec, 'volumeClaimTemplates').flatMap((claim, index) =>
          validateClaim(objectAt(claim, 'spec'), `spec.volumeClaimTemplates[${index}].spec`),
        ),
      ];
    case 'batch/jobs':
      return validateJob(object);
    case 'batch/cronjobs':
      return validateCronJob(object);
    case 'rbac.authorization.k8s.io/rolebindings':
    case 'rbac.authorization.k8s.io/clusterrolebindings':
      return required(stringAt(object, 'roleRef', 'name'), 'roleRef.name');
    case 'storage.k8s.io/storageclasses':
      return required(stringAt(object, 'provisioner'), 'provisioner');
    case 'apiextensions.k8s.io/customresourcedefinitions':
      return validateDefinition(object);
    default:
      return [];
  }
}

function validateRetention(policy: JsonObject): Cause[] {
  return Object.entries(policy).flatMap(([when, value]) =>
    oneOf(`spec.persistentVolumeClaimRetentionPolicy.${when}`, [value], ['Retain', 'Delete']),
  );
}

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

function validateClaim(spec: JsonObject, path: string): Cause[] {
  const modes = listAt(spec, 'accessModes');
  const { dataSource, dataSourceRef = dataSource, volumeMode = 'Filesystem' } = spec;
  const isOneSource = dataSource === undefined || isDeepStrictEqual(dataSource, dataSourceRef);
  return [
    ...required(modes.length, `${path}.accessModes`, 'at least 1 access mode is required'),
    ...oneOf(`${path}.accessModes`, modes, accessModes),
    ...validateSize(`${path}.resources[storage]`, at(spec, 'resources', 'requests', 'storage')),
    ...oneOf(`${path}.volumeMode`, [volumeMode], ['Block', 'Filesystem']),
    ...check(isOneSource, path, dataSource, 'must match dataSourceRef'),
  ];
}

const volumeSources = ['csi', 'hostPath', 'local', 'nfs', 'iscsi', 'fc'];
const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];

function validateVolume(spec: JsonObject): Cause[] {
  const hasSource = volumeSources.some((name) => spec[name] !== undefined);
  return [
    ...required(listAt(spec, 'accessModes').length, 'spec.accessModes'),
    ...validateSize('spec.capacity[storage]', at(spec, 'capacity', 'storage')),
    ...oneOf('spec.persistentVolumeReclaimPolicy', [spec['persistentVolumeReclaimPolicy']], reclaimPolicies),
    ...required(hasSource, 'spec', 'must specify a volume type'),
  ];
}

const quantities =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

function validateSize(field: string, value: unknown): Cause[] {
  if (value === undefined) return required(value, field);
  const bytes = parseQuantity(value);
  if (bytes === undefined) throw badRequest(`${field}: ${quantities}`);
  return check(bytes > 0, field, value, 'must be greater than zero');
}

function validateDefinition(object: ApiObject): Cause[] {
  const spec = objectAt(object, 'spec');
  const { name } = object.metadata;
  const expected = `${stringAt(spec, 'names', 'plural') ?? ''}.${stringAt(spec, 'group') ?? ''}`;
  const versions = listAt(spec, 'versions');
  const stored = versions.filter((version) => at(version, 'storage') === true).length;
  const oneStored = 'must have exactly one version marked as storage version';
  return [
    ...check(name === expected, 'metadata.name', name, 'must be spec.names.plural+"."+spec.group'),
    ...required(stringAt(spec, 'names', 'kind'), 'spec.names.kind'),
    ...oneOf('spec.scope', [spec['scope']], ['Cluster', 'Namespaced']),
    ...check(stored === 1, 'spec.versions', versions.length, oneStored),
    ...versions.flatMap((version, index) =>
      required(
        at(version, 'schema', 'openAPIV3Schema'),
        `spec.versions[${index}].schema.openAPIV3Schema`,
        'schemas are required',
      ),
    ),
  ];
}
