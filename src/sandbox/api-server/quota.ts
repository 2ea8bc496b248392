/**
 * ResourceQuotas: refuses what would exceed one, and reports what is used. Counts objects, and the storage of claims;
 * processor time, memory, node ports and quotas with scopes are not counted.
 */
import { isDeepStrictEqual } from 'node:util';

import { persistentVolumeClaims, pods, resourceQuotas } from '#src/api/resources.ts';
import { formatQuantity, parseQuantity } from '#src/sandbox/quantity.ts';

import type { Api } from './api.ts';
import { at, listAt, objectAt, stringAt } from './json.ts';
import { collectionOf, type Kind } from './kind.ts';
import type { ApiObject, StoredObject } from './object.ts';
import { forbidden, qualified } from './status.ts';
import type { Store } from './store.ts';

type Usage = Readonly<Record<string, number>>;
type Counted = Pick<Kind, 'group' | 'plural'>;

const quotas = collectionOf(resourceQuotas);
const countedByName = [
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
];

/** Throws Forbidden if a quota of the namespace does not admit the object; `before` is the one it replaces. */
export function refuseOverQuota(
  store: Store,
  kind: Kind,
  object: ApiObject,
  before: ApiObject | undefined,
): void {
  const { namespace, name = '' } = object.metadata;
  if (namespace === undefined) return;
  const after = usageOf(kind, object);
  const held = before ? usageOf(kind, before) : {};
  for (const quota of store.list(quotas, namespace).filter(isCounted)) {
    const exceeded = Object.entries(hardOf(quota)).flatMap(([resource, hard]) => {
      const requested = (after[resource] ?? 0) - (held[resource] ?? 0);
      if (requested <= 0) return [];
      const used = usedOf(store, namespace, resource);
      return used + requested > hard ? [{ resource, requested, used, hard }] : [];
    });
    if (exceeded.length === 0) continue;
    const listed = (field: 'requested' | 'used' | 'hard') =>
      exceeded.map((each) => `${each.resource}=${formatQuantity(each[field])}`).join(',');
    const why = `requested: ${listed('requested')}, used: ${listed('used')}, limited: ${listed('hard')}`;
    throw forbidden(kind, name, `exceeded quota: ${quota.metadata.name}, ${why}`);
  }
}

/** Keeps the status of each quota up to date, in microtasks, until the returned function is called. */
export function startQuotaCount({ store }: Pick<Api, 'store'>): () => void {
  let isDue = false;
  const count = (): void => {
    isDue = false;
    for (const quota of store.list(quotas).filter(isCounted)) {
      const { namespace = '' } = quota.metadata;
      const hard = objectAt(quota, 'spec', 'hard');
      const used = Object.fromEntries(
        Object.keys(hard).map((resource) => [resource, formatQuantity(usedOf(store, namespace, resource))]),
      );
      const status = { hard, used };
      if (!isDeepStrictEqual(quota['status'], status)) store.put(quotas, { ...quota, status });
    }
  };
  return store.subscribe(undefined, () => {
    if (isDue || store.list(quotas).length === 0) return;
    isDue = true;
    queueMicrotask(count);
  });
}

function isCounted(quota: StoredObject): boolean {
  return listAt(quota, 'spec', 'scopes').length === 0 && at(quota, 'spec', 'scopeSelector') === undefined;
}

function hardOf(quota: StoredObject): Usage {
  return Object.fromEntries(
    Object.entries(objectAt(quota, 'spec', 'hard')).map(([resource, hard]) => [
      resource,
      parseQuantity(hard) ?? 0,
    ]),
  );
}

function usedOf(store: Store, namespace: string, resource: string): number {
  const counted = countedFor(resource);
  if (counted === undefined) return 0;
  return store
    .list(collectionOf(counted), namespace)
    .reduce((sum, object) => sum + (usageOf(counted, object)[resource] ?? 0), 0);
}

/** The kind whose objects count for this resource of a quota. */
function countedFor(resource: string): Counted | undefined {
  if (resource.endsWith('requests.storage') || resource.endsWith('/persistentvolumeclaims'))
    return persistentVolumeClaims;
  if (countedByName.includes(resource)) return { group: '', plural: resource };
  const counted = /^count\/([^.]+)(?:\.(.+))?$/.exec(resource);
  return counted ? { plural: counted[1] ?? '', group: counted[2] ?? '' } : undefined;
}

function usageOf(kind: Counted, object: ApiObject): Usage {
  const collection = collectionOf(kind);
  const counts = { [`count/${qualified(kind)}`]: 1 };
  if (collection === collectionOf(pods)) {
    const hasEnded = ['Succeeded', 'Failed'].includes(stringAt(object, 'status', 'phase') ?? '');
    return { ...counts, pods: hasEnded ? 0 : 1 };
  }
  if (collection === collectionOf(persistentVolumeClaims)) {
    const bytes = parseQuantity(objectAt(object, 'spec', 'resources', 'requests')['storage']) ?? 0;
    const storageClass = stringAt(object, 'spec', 'storageClassName');
    const prefixes = ['', ...(storageClass ? [`${storageClass}.storageclass.storage.k8s.io/`] : [])];
    const ofClaims = prefixes.flatMap((prefix) => [
      [`${prefix}persistentvolumeclaims`, 1] as const,
      [`${prefix}requests.storage`, bytes] as const,
    ]);
    return { ...counts, ...Object.fromEntries(ofClaims) };
  }
  return kind.group === '' && countedByName.includes(kind.plural) ? { ...counts, [kind.plural]: 1 } : counts;
}
