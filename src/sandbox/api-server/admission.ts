/** Prepares an incoming object before validation: pruning, defaults, initial status. */
import type { JsonSchema, StorageClass } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { customResourceDefinitions, serviceAccounts, storageClasses } from '#src/api/resources.ts';

import type { Api, WriteRequest } from './api.ts';
import { builtInFields } from './built-in-fields.ts';
import { withDefaults } from './defaults.ts';
import { objectAt, stringAt, without, type JsonObject } from './json.ts';
import { collectionOf, type Kind } from './kind.ts';
import { timestamp, type ApiObject } from './object.ts';
import { brokenRules } from './schema-rules.ts';
import { shape, validateSchema } from './schema.ts';
import { badRequest, forbidden, type Cause } from './status.ts';

export interface Admitted {
  readonly object: ApiObject;
  readonly causes: readonly Cause[];
}

/** `before` is the stored object of an update; left out for a create. */
export function admit(
  api: Pick<Api, 'store' | 'now'>,
  kind: Kind,
  object: ApiObject,
  before: ApiObject | undefined,
  request: WriteRequest,
): Admitted {
  if (kind.custom)
    return admitCustom(
      kind,
      kind.custom.schema,
      before ? object : withoutStatus(kind, object),
      before,
      request,
    );
  const fields = builtInFields[collectionOf(kind)];
  const defaulted = withDefaults(kind, fields ? pruned(kind, fields, object, request) : object);
  return { object: before ? defaulted : initialize(api, kind, defaulted), causes: [] };
}

function admitCustom(
  kind: Kind,
  schema: NonNullable<Kind['custom']>['schema'],
  object: ApiObject,
  before: ApiObject | undefined,
  request: WriteRequest,
): Admitted {
  const shaped = pruned(kind, schema, object, request);
  const causes = validateSchema(schema, shaped);
  return { object: shaped, causes: causes.length > 0 ? causes : brokenRules(schema, before, shaped) };
}

/**
 * Returns the object without fields unknown to the schema. Warns about them or throws BadRequest, as the
 * request's fieldValidation says.
 */
function pruned(kind: Kind, schema: JsonSchema, object: ApiObject, request: WriteRequest): ApiObject {
  const unknown: string[] = [];
  const shaped = shape(object, schema, unknown) as ApiObject;
  const complaints = unknown.map((path) => `unknown field "${path}"`);
  if (complaints.length > 0 && request.fieldValidation === 'Strict') {
    const what = `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}`;
    throw badRequest(`${what}: strict decoding error: ${complaints.join(', ')}`);
  }
  if (request.fieldValidation === 'Warn') complaints.forEach((complaint) => request.warn?.(complaint));
  return shaped;
}

function withoutStatus(kind: Kind, object: ApiObject): ApiObject {
  return kind.status ? (without(object, 'status') as ApiObject) : object;
}

/** Sets the initial state of an object of a built-in kind. */
function initialize(api: Pick<Api, 'store' | 'now'>, kind: Kind, object: ApiObject): ApiObject {
  const bare = withoutStatus(kind, object);
  const spec = objectAt(bare, 'spec');
  switch (collectionOf(kind)) {
    case '/namespaces':
      return {
        ...bare,
        metadata: {
          ...bare.metadata,
          labels: { ...bare.metadata.labels, 'kubernetes.io/metadata.name': bare.metadata.name ?? '' },
        },
        spec: { ...spec, finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      };
    case '/pods':
      return {
        ...bare,
        spec: { ...spec, ...accountOf(api, kind, bare) },
        status: { phase: 'Pending', qosClass: 'BestEffort' },
      };
    case 'batch/jobs':
      return withSelector(bare);
    case '/persistentvolumeclaims':
      return {
        ...withFinalizer(bare, 'kubernetes.io/pvc-protection'),
        spec: { ...defaultClass(api, spec), ...spec, ...mirroredSource(spec) },
        status: { phase: 'Pending' },
      };
    case '/persistentvolumes':
      return { ...withFinalizer(bare, 'kubernetes.io/pv-protection'), status: { phase: 'Pending' } };
    case collectionOf(customResourceDefinitions):
      return withEstablishedStatus(bare, timestamp(api.now()));
    default:
      return kind.status ? { ...bare, status: firstStatus[collectionOf(kind)] ?? {} } : bare;
  }
}

/** Returns the object with the finalizer that keeps it while it is in use. */
function withFinalizer(object: ApiObject, finalizer: string): ApiObject {
  const { finalizers = [] } = object.metadata;
  if (finalizers.includes(finalizer)) return object;
  return { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, finalizer] } };
}

const firstStatus: Readonly<Record<string, JsonObject>> = {
  '/replicationcontrollers': { replicas: 0 },
  'apps/daemonsets': {
    currentNumberScheduled: 0,
    desiredNumberScheduled: 0,
    numberMisscheduled: 0,
    numberReady: 0,
  },
  'apps/replicasets': { replicas: 0 },
  'apps/statefulsets': { availableReplicas: 0, replicas: 0 },
};

/** Returns the pod's service account fields. Throws Forbidden if the account does not exist. */
function accountOf(api: Pick<Api, 'store'>, kind: Kind, { metadata, spec }: ApiObject): JsonObject {
  const { name = '', namespace = '' } = metadata;
  const account = stringAt(spec, 'serviceAccountName') ?? stringAt(spec, 'serviceAccount') ?? 'default';
  const { store } = api;
  // The account `default` is created with its namespace, but a moment later.
  if (account !== 'default' && !store.get(collectionOf(serviceAccounts), account, namespace)) {
    const why = `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`;
    throw forbidden(kind, name, why);
  }
  return { serviceAccountName: account, serviceAccount: account };
}

/** Returns the Job with the generated selector and the labels that it selects. */
function withSelector(job: ApiObject): ApiObject {
  const { name = '', uid = '' } = job.metadata;
  const spec = objectAt(job, 'spec');
  const template = objectAt(spec, 'template');
  const own = Object.fromEntries(['', 'batch.kubernetes.io/'].map((prefix) => [`${prefix}job-name`, name]));
  const uids = Object.fromEntries(
    ['', 'batch.kubernetes.io/'].map((prefix) => [`${prefix}controller-uid`, uid]),
  );
  const metadata = objectAt(template, 'metadata');
  const labels = { ...own, ...uids, ...objectAt(metadata, 'labels') } as Record<string, string>;
  const selector = objectAt(spec, 'selector');
  const matchLabels = {
    'batch.kubernetes.io/controller-uid': uid,
    ...objectAt(selector, 'matchLabels'),
  };
  return {
    ...job,
    metadata: { ...job.metadata, labels: job.metadata.labels ?? labels },
    spec: {
      ...spec,
      selector: { ...selector, matchLabels },
      template: { ...template, metadata: { ...metadata, labels } },
    },
    status: {},
  };
}

/** Returns the newest StorageClass that is marked as the default, for a claim that names none. */
function defaultClass(api: Pick<Api, 'store'>, claimSpec: JsonObject): JsonObject {
  if (claimSpec['storageClassName'] !== undefined) return {};
  const [newest] = api.store
    .list(collectionOf(storageClasses))
    .filter(({ metadata }) =>
      [annotation.defaultStorageClass, annotation.betaDefaultStorageClass].some(
        (mark) => metadata.annotations?.[mark] === 'true',
      ),
    )
    .sort(
      ({ metadata: a }, { metadata: b }) =>
        b.creationTimestamp.localeCompare(a.creationTimestamp) || (a.name < b.name ? -1 : 1),
    ) as object[] as StorageClass[];
  return newest ? { storageClassName: newest.metadata.name } : {};
}

/** Sets both `dataSource` and `dataSourceRef` to the one that is given. */
function mirroredSource(claimSpec: JsonObject): JsonObject {
  const source = claimSpec['dataSource'] ?? claimSpec['dataSourceRef'];
  if (source === undefined || stringAt(claimSpec, 'dataSourceRef', 'namespace') !== undefined) return {};
  return { dataSource: source, dataSourceRef: claimSpec['dataSourceRef'] ?? source };
}

function withEstablishedStatus(definition: ApiObject, time: string): ApiObject {
  const names = objectAt(definition, 'spec', 'names');
  const condition = (type: string, reason: string, message: string): JsonObject => ({
    type,
    status: 'True',
    reason,
    message,
    lastTransitionTime: time,
  });
  const versions = (definition['spec'] as { versions?: { name?: string; storage?: boolean }[] } | undefined)
    ?.versions;
  return {
    ...definition,
    metadata: {
      ...definition.metadata,
      finalizers: [...(definition.metadata.finalizers ?? []), 'customresourcecleanup.apiextensions.k8s.io'],
    },
    status: {
      acceptedNames: names,
      storedVersions: (Array.isArray(versions) ? versions : [])
        .filter((it) => it.storage)
        .map((it) => it.name),
      conditions: [
        condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
        condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
      ],
    },
  };
}
