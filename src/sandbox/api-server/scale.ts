/** The `autoscaling/v1` Scale subresource of a workload. */
import { at, isObject, numberAt, objectAt } from './json.ts';
import type { ApiObject, StoredObject } from './object.ts';
import { badRequest, invalid } from './status.ts';
import { checkReplicas } from './workload-validation.ts';

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale', plural: 'scales', namespaced: true };

/** Returns the Scale of a workload. */
export function scaleOf(object: StoredObject): StoredObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      uid,
      resourceVersion,
      creationTimestamp,
    },
    spec: { replicas: numberAt(object, 'spec', 'replicas') ?? 0 },
    status: { replicas: numberAt(object, 'status', 'replicas') ?? 0, selector: selectorText(object) },
  };
}

/** Returns the workload with the Scale's number of replicas. */
export function withScale(object: StoredObject, scale: unknown): ApiObject {
  const replicas = at(scale, 'spec', 'replicas') ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas)) {
    throw badRequest('spec.replicas: Invalid value: must be an integer');
  }
  const wrong = checkReplicas(scaleKind, { replicas });
  if (wrong.length > 0) throw invalid(scaleKind, object.metadata.name, wrong);
  const resourceVersion = at(scale, 'metadata', 'resourceVersion');
  return {
    ...object,
    metadata: { ...object.metadata, ...(typeof resourceVersion === 'string' && { resourceVersion }) },
    spec: { ...objectAt(object, 'spec'), replicas },
  };
}

/** Returns for example `app=foo,tier=db`. */
export function selectorText(object: ApiObject): string {
  const selector = objectAt(object, 'spec', 'selector');
  const labels = isObject(selector['matchLabels']) ? selector['matchLabels'] : selector;
  return Object.entries(labels)
    .filter(([, value]) => typeof value === 'string')
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(',');
}
