/** Defaults of built-in kinds that clients and controllers rely on. */
import { at, isObject, listAt, objectAt, stringAt, type JsonObject } from './json.ts';
import { collectionOf, type Kind } from './kind.ts';
import type { ApiObject } from './object.ts';

export function withDefaults(kind: Kind, object: ApiObject): ApiObject {
  const complete = completions[collectionOf(kind)];
  return complete ? (complete(object) as ApiObject) : object;
}

/** Returns the rest of an update strategy: `rollingUpdate` exists only if the type is RollingUpdate. */
function rolling(strategy: JsonObject, rollingUpdate: JsonObject): JsonObject {
  const type = strategy['type'] ?? 'RollingUpdate';
  return type === 'RollingUpdate' ? { type, rollingUpdate } : { type };
}

const completions: Readonly<Record<string, (object: JsonObject) => JsonObject>> = {
  '/persistentvolumeclaims': (it) => fill(it, { spec: { volumeMode: 'Filesystem' } }),
  '/persistentvolumes': (it) =>
    fill(it, { spec: { volumeMode: 'Filesystem', persistentVolumeReclaimPolicy: 'Retain' } }),
  '/pods': (it) => ({ ...it, spec: podSpec(objectAt(it, 'spec')) }),
  '/replicationcontrollers': (it) => {
    const labels = objectAt(it, 'spec', 'template', 'metadata', 'labels');
    return workload(it, { replicas: 1, selector: labels });
  },
  'apps/daemonsets': (it) =>
    workload(it, {
      revisionHistoryLimit: 10,
      updateStrategy: rolling(objectAt(it, 'spec', 'updateStrategy'), { maxUnavailable: 1, maxSurge: 0 }),
    }),
  'apps/deployments': (it) =>
    workload(it, {
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: rolling(objectAt(it, 'spec', 'strategy'), { maxUnavailable: '25%', maxSurge: '25%' }),
    }),
  'apps/replicasets': (it) => workload(it, { replicas: 1 }),
  'apps/statefulsets': (it) => {
    const updateStrategy = rolling(objectAt(it, 'spec', 'updateStrategy'), { partition: 0 });
    const filled = workload(it, { ...statefulSet, updateStrategy });
    const claims = listAt(filled, 'spec', 'volumeClaimTemplates').map((claim) =>
      isObject(claim) ? fill(claim, claimTemplate) : claim,
    );
    return claims.length > 0
      ? { ...filled, spec: { ...objectAt(filled, 'spec'), volumeClaimTemplates: claims } }
      : filled;
  },
  'batch/jobs': job,
  'batch/cronjobs': (it) => {
    const template = objectAt(it, 'spec', 'jobTemplate');
    const jobTemplate = { ...template, ...workload({ spec: objectAt(template, 'spec') }, {}) };
    return fill({ ...it, spec: { ...objectAt(it, 'spec'), jobTemplate } }, { spec: cronJob });
  },
  'storage.k8s.io/storageclasses': (it) =>
    fill(it, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  'apiextensions.k8s.io/customresourcedefinitions': (it) => {
    const kind = stringAt(it, 'spec', 'names', 'kind') ?? '';
    const names = { singular: kind.toLowerCase(), listKind: `${kind}List` };
    return fill(it, { spec: { names, conversion: { strategy: 'None' } } });
  },
};

const statefulSet = {
  replicas: 1,
  revisionHistoryLimit: 10,
  podManagementPolicy: 'OrderedReady',
  persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
};

const cronJob = {
  concurrencyPolicy: 'Allow',
  suspend: false,
  successfulJobsHistoryLimit: 3,
  failedJobsHistoryLimit: 1,
};

function job(it: JsonObject): JsonObject {
  const { completions, parallelism } = objectAt(it, 'spec');
  return workload(it, {
    ...(completions === undefined && parallelism === undefined && { completions: 1 }),
    parallelism: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: 'TerminatingOrFailed',
    manualSelector: false,
  });
}

const claimTemplate = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  spec: { volumeMode: 'Filesystem' },
  status: { phase: 'Pending' },
};

function workload(object: JsonObject, spec: JsonObject): JsonObject {
  const filled = fill(object, { spec });
  const template = objectAt(filled, 'spec', 'template');
  const completed = { ...template, spec: podSpec(objectAt(template, 'spec')) };
  return { ...filled, spec: { ...objectAt(filled, 'spec'), template: completed } };
}

function podSpec(spec: JsonObject): JsonObject {
  const containers = (field: string): JsonObject => {
    const list = listAt(spec, field);
    return list.length === 0 ? {} : { [field]: list.map((it) => (isObject(it) ? container(it) : it)) };
  };
  const defaults = {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  };
  return { ...fill(spec, defaults), ...containers('initContainers'), ...containers('containers') };
}

function container(it: JsonObject): JsonObject {
  const tag = /:([^/@]+)$/.exec(stringAt(it, 'image') ?? '')?.[1];
  const ports = listAt(it, 'ports').map((port) => (isObject(port) ? fill(port, { protocol: 'TCP' }) : port));
  const env = listAt(it, 'env').map((each) =>
    isObject(at(each, 'valueFrom', 'fieldRef'))
      ? fill(each as JsonObject, { valueFrom: { fieldRef: { apiVersion: 'v1' } } })
      : each,
  );
  const lists = { ...(ports.length > 0 && { ports }), ...(env.length > 0 && { env }) };
  return fill(
    { ...it, ...lists },
    {
      resources: {},
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      imagePullPolicy: tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent',
    },
  );
}

/** Returns the object with missing fields filled in from the defaults. */
function fill(object: JsonObject, defaults: JsonObject): JsonObject {
  const result = { ...object };
  for (const [key, value] of Object.entries(defaults)) {
    const present = result[key];
    if (present === undefined) result[key] = value;
    else if (isObject(present) && isObject(value)) result[key] = fill(present, value);
  }
  return result;
}
