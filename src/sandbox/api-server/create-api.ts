/** Implements the verbs of the API over the store. */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import type { ObjectMeta } from '#src/api/kubernetes.ts';
import { apiVersionOf, namespaces } from '#src/api/resources.ts';
import type { PatchType } from '#src/cluster/port.ts';

import { admit } from './admission.ts';
import type { Address, Api, WriteRequest } from './api.ts';
import { dropIfReleased, remove } from './deletion.ts';
import { immutable } from './field-errors.ts';
import { checkPreconditions, decode, generatedName } from './incoming-object.ts';
import { objectAt, without, type JsonObject } from './json.ts';
import { collectionOf, type Kind } from './kind.ts';
import { refuseBeyondLimits } from './limit-ranges.ts';
import { withManagers, type Writer } from './managed-fields.ts';
import { timestamp, type ApiObject, type StoredObject } from './object.ts';
import { applyPatch } from './patch.ts';
import { authorize } from './rbac/authorize.ts';
import { refuseOverQuota } from './quota.ts';
import { checkEscalation } from './rbac/escalation.ts';
import { createRegistry } from './registry.ts';
import { answerReview, bindPod } from './reviews.ts';
import { scaleOf, withScale } from './scale.ts';
import { matcherOf } from './selectors.ts';
import {
  alreadyExists,
  badRequest,
  forbidden,
  invalid,
  methodNotAllowed,
  notFound,
  versionedCreate,
} from './status.ts';
import { createStore, type SavedStore } from './store.ts';
import { createTokens } from './tokens.ts';
import { validateCreate, validateUpdate } from './validation.ts';

export interface ApiOptions {
  readonly now: () => Date;
  /** How many changes of each collection are kept for watches that start in the past; default 4096. */
  readonly historyLimit?: number;
  readonly saved?: SavedStore | undefined;
}

type Write = WriteRequest & Pick<Writer, 'applied' | 'through'>;

export function createApi(options: ApiOptions): Api {
  const store = createStore({ historyLimit: options.historyLimit ?? 4096, saved: options.saved });
  const registry = createRegistry(store);
  const { now } = options;

  function get({ kind, name, namespace }: Address): StoredObject {
    const found = store.get(collectionOf(kind), name, namespace);
    if (!found) throw notFound(kind, name);
    return inVersion(kind, found);
  }

  function create(
    kind: Kind,
    namespace: string | undefined,
    body: unknown,
    request: Write = {},
  ): StoredObject {
    const input = decode(kind, body);
    if (kind.group.startsWith('auth'))
      return answerReview(store, input, { user: request.user, namespace }) as StoredObject;
    if (kind.plural === 'bindings') return bindPod(api, namespace, input);
    const collection = collectionOf(kind);
    const name =
      input.metadata.name ?? generatedName(input.metadata, (it) => !store.get(collection, it, namespace));
    requireNamespace(kind, name, namespace, input);
    const { generateName } = input.metadata;
    const metadata: ObjectMeta = {
      ...(name !== undefined && { name }),
      ...(generateName !== undefined && { generateName }),
      ...(namespace !== undefined && { namespace }),
      uid: randomUUID(),
      creationTimestamp: timestamp(now()),
      ...(kind.generation && { generation: 1 }),
      ...writable(input.metadata),
    };
    checkEscalation(store, kind, { after: { ...input, metadata } }, request.user);
    const { object, causes } = admit(api, kind, { ...input, metadata }, undefined, request);
    const wrong = [...causes, ...validateCreate(kind, object)];
    if (wrong.length > 0) throw invalid(kind, name ?? '', wrong);
    if (request.dryRun !== true && isVersion(input.metadata.resourceVersion)) throw versionedCreate();
    refuseBeyondLimits(store, kind, object);
    refuseOverQuota(store, kind, object, undefined);
    if (store.get(collection, name ?? '', namespace)) throw alreadyExists(kind, name ?? '');
    const recorded = withManagers(kind, undefined, object, request);
    if (request.dryRun === true) return recorded as StoredObject;
    return store.put(collection, recorded);
  }

  function requireNamespace(
    kind: Kind,
    name: string | undefined,
    namespace: string | undefined,
    input: ApiObject,
  ): void {
    if (!kind.namespaced) return;
    if (namespace === undefined) throw badRequest('an empty namespace may not be set during creation');
    if (input.metadata.namespace !== undefined && input.metadata.namespace !== namespace) {
      throw badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    }
    const found = store.get(collectionOf(namespaces), namespace);
    if (!found) throw notFound(namespaces, namespace);
    if (found.metadata.deletionTimestamp === undefined) return;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw forbidden(kind, name ?? '', why, [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ]);
  }

  function update(address: Address, body: unknown, request: Write = {}): StoredObject {
    const { kind, name } = address;
    const current = get(address);
    if (request.subresource === 'scale') {
      const write: Write = { ...request, subresource: undefined, through: 'scale' };
      return scaleOf(update(address, withScale(current, body), write));
    }
    const input = decode(kind, body);
    checkPreconditions(kind, current, input.metadata, name);
    const next = overlay(kind, current, input, request.subresource);
    checkEscalation(store, kind, { before: current, after: next }, request.user);
    const { object, causes } = admit(api, kind, next, current, request);
    const wrong = [...causes, ...validateUpdate(kind, current, object)];
    if (wrong.length > 0) throw invalid(kind, name, wrong);
    const isChecked = request.subresource === undefined && current.metadata.deletionTimestamp === undefined;
    if (isChecked) refuseBeyondLimits(store, kind, object);
    const recorded = withManagers(kind, current, object, request);
    if (isDeepStrictEqual(recorded, current)) return current;
    refuseOverQuota(store, kind, recorded, current);
    const counted =
      kind.generation && contentChanged(current, recorded) ? withGeneration(recorded) : recorded;
    if (request.dryRun === true) return counted as StoredObject;
    return dropIfReleased(api, kind, store.put(collectionOf(kind), counted));
  }

  function patch(address: Address, type: PatchType, body: unknown, request: WriteRequest = {}): StoredObject {
    const { kind, name, namespace } = address;
    const current = store.get(collectionOf(kind), name, namespace);
    if (!current && type === 'apply' && request.subresource === undefined) {
      const metadata = { ...objectAt(body, 'metadata'), name };
      const about = { group: kind.group, resource: kind.plural, subresource: '', name };
      if (request.user) {
        authorize(store, request.user, { verb: 'create', ...about, namespace: namespace ?? '' });
      }
      return create(kind, namespace, { ...objectAt(body), metadata }, { ...request, applied: body });
    }
    const target = request.subresource === 'scale' ? scaleOf(get(address)) : get(address);
    const patched = applyPatch(type, target, body, kind.custom !== undefined);
    const { uid } = objectAt(patched, 'metadata');
    const wrong = immutable('metadata.uid', target.metadata.uid, uid ?? target.metadata.uid);
    if (wrong.length > 0) throw invalid(kind, name, wrong);
    return update(address, patched, { ...request, ...(type === 'apply' && { applied: body }) });
  }

  const api: Api = {
    store,
    registry,
    tokens: createTokens(store, now),
    now,
    get,
    list(kind, selection) {
      const matches = matcherOf(kind, selection);
      const items = store.list(collectionOf(kind), selection.namespace).filter(matches);
      return { items: items.map((item) => inVersion(kind, item)), resourceVersion: String(store.version()) };
    },
    create,
    update,
    patch,
    delete: (address, request = {}) => remove(api, address.kind, get(address), request),
    watch(kind, selection, from, deliver) {
      const matches = matcherOf(kind, selection);
      const tell = (event: {
        object: StoredObject;
        before: StoredObject | undefined;
        type: string;
      }): void => {
        const was = event.before !== undefined && matches(event.before);
        const is = event.type !== 'removed' && matches(event.object);
        if (!was && !is) return;
        const type = is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED';
        deliver({ type, object: inVersion(kind, event.object) });
      };
      const past = store.since(collectionOf(kind), from);
      past.forEach(tell);
      return store.subscribe(collectionOf(kind), tell);
    },
  };
  return api;
}

/** Returns the object with the requested apiVersion: the versions of a custom kind differ in name only. */
function inVersion(kind: Kind, object: StoredObject): StoredObject {
  const apiVersion = apiVersionOf(kind);
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

/** Returns the current object with the changes that this request is allowed to make. */
function overlay(
  kind: Kind,
  current: StoredObject,
  input: ApiObject,
  subresource: string | undefined,
): ApiObject {
  if (subresource !== undefined) {
    if (!kind.status) throw methodNotAllowed();
    return { ...current, status: input['status'] ?? {} };
  }
  const fixed = without({ ...current.metadata }, 'labels', 'annotations', 'ownerReferences', 'finalizers');
  const next: ApiObject = { ...input, metadata: { ...fixed, ...writable(input.metadata) } };
  if (!kind.status) return next;
  Reflect.deleteProperty(next, 'status');
  return current['status'] === undefined ? next : { ...next, status: current['status'] };
}

/** Returns the metadata fields that a client may write; the server owns the others. */
function writable({ labels, annotations, ownerReferences, finalizers }: ObjectMeta): ObjectMeta {
  const given = Object.entries({ labels, annotations, ownerReferences, finalizers });
  return Object.fromEntries(given.filter(([, value]) => value && Object.keys(value).length > 0));
}

/** Returns true for a version that the store may have assigned; `0` and non-numbers are ignored. */
function isVersion(given: string | undefined): boolean {
  return given !== undefined && /^\d+$/.test(given) && Number(given) > 0;
}

function contentChanged(before: ApiObject, after: ApiObject): boolean {
  const content = (object: ApiObject): JsonObject => ({ ...object, metadata: undefined, status: undefined });
  return !isDeepStrictEqual(content(before), content(after));
}

function withGeneration(object: ApiObject): ApiObject {
  const generation = (object.metadata.generation ?? 0) + 1;
  return { ...object, metadata: { ...object.metadata, generation } };
}
