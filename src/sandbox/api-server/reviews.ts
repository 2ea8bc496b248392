/** Answers requests that are not stored: reviews and bindings. */
import { pods, type Resource } from '#src/api/resources.ts';

import type { Api } from './api.ts';
import { check } from './field-errors.ts';
import { listAt, objectAt, stringAt, type JsonObject } from './json.ts';
import type { ApiObject, StoredObject } from './object.ts';
import { collectionOf } from './kind.ts';
import { decide, isMaster, joinErrors } from './rbac/authorize.ts';
import { grantsOf } from './rbac/resolve.ts';
import type { Attributes } from './rbac/rules.ts';
import { badRequest, conflict, invalid, notFound } from './status.ts';
import type { Store } from './store.ts';
import type { User } from './tokens.ts';

/** The user of the sandbox's own token. */
export const admin: User = {
  username: 'sandbox-admin',
  groups: ['system:masters', 'system:authenticated'],
};

/** `namespace`: that of a LocalSubjectAccessReview. */
export function answerReview(
  store: Store,
  review: ApiObject,
  { user = admin, namespace }: { readonly user?: User | undefined; readonly namespace: string | undefined },
): ApiObject {
  const spec = objectAt(review, 'spec');
  switch (review.kind) {
    case 'SelfSubjectAccessReview':
      return { ...review, status: answerAccess(store, review.kind, spec, user) };
    case 'SubjectAccessReview':
    case 'LocalSubjectAccessReview':
      checkLocal(spec, namespace);
      return { ...review, status: answerAccess(store, review.kind, spec, subjectOf(review.kind, spec)) };
    case 'SelfSubjectRulesReview':
      return { ...review, status: answerRules(store, stringAt(spec, 'namespace') ?? '', user) };
    default:
      return { ...review, status: { userInfo: user } };
  }
}

function subjectOf(kind: string, spec: JsonObject): User {
  const username = stringAt(spec, 'user') ?? '';
  const groups = listAt(spec, 'groups').filter((group) => typeof group === 'string');
  const uid = stringAt(spec, 'uid');
  const why = 'at least one of user or group must be specified';
  const wrong = check(username !== '' || groups.length > 0, 'spec.user', username, why);
  if (wrong.length > 0) throw invalid(reviewResource(kind), '', wrong);
  return { username, groups, ...(uid !== undefined && { uid }) };
}

function checkLocal(spec: JsonObject, namespace: string | undefined): void {
  const wanted = stringAt(spec, 'resourceAttributes', 'namespace');
  if (namespace === undefined || wanted === namespace) return;
  throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${JSON.stringify(namespace)}`);
}

function answerAccess(store: Store, kind: string, spec: JsonObject, user: User): JsonObject {
  const about = spec['resourceAttributes'];
  const path = spec['nonResourceAttributes'];
  const both = 'cannot be specified in combination with resourceAttributes';
  const neither = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  const wrong = [
    ...check(about === undefined || path === undefined, 'spec.nonResourceAttributes', path, both),
    ...check(about !== undefined || path !== undefined, 'spec.resourceAttributes', null, neither),
  ];
  if (wrong.length > 0) throw invalid(reviewResource(kind), '', wrong);
  const word = (field: string): string => stringAt(about, field) ?? '';
  const attributes: Attributes =
    about === undefined
      ? { verb: stringAt(path, 'verb') ?? '', path: stringAt(path, 'path') ?? '' }
      : {
          verb: word('verb'),
          group: word('group'),
          resource: word('resource'),
          subresource: word('subresource'),
          name: word('name'),
          namespace: word('namespace'),
        };
  const { allowed, reason } = decide(store, user, attributes);
  return { allowed, ...(reason !== '' && { reason }) };
}

function answerRules(store: Store, namespace: string, user: User): JsonObject {
  if (namespace === '') throw badRequest('no namespace on request');
  const { grants, errors } = grantsOf(store, user, namespace);
  const rules = [...(isMaster(user) ? [everything] : []), ...grants.map(({ rule }) => rule)];
  const resourceRules = rules
    .filter(({ resources }) => resources.length > 0)
    .map(({ verbs, apiGroups, resources, resourceNames }) => ({
      ...{ verbs, apiGroups, resources },
      ...(resourceNames.length > 0 && { resourceNames }),
    }));
  const nonResourceRules = rules
    .filter(({ nonResourceURLs }) => nonResourceURLs.length > 0)
    .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs }));
  return {
    incomplete: false,
    ...{ resourceRules, nonResourceRules },
    ...(errors.length > 0 && { evaluationError: joinErrors(errors) }),
  };
}

const everything = {
  ...{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  ...{ resourceNames: [], nonResourceURLs: ['*'] },
};

function reviewResource(kind: string): Resource {
  return {
    ...{ group: 'authorization.k8s.io', version: 'v1', kind },
    ...{ plural: `${kind.toLowerCase()}s`, namespaced: false },
  };
}

/** Assigns a node to a pod. The API has no other way to set `spec.nodeName` of an existing pod. */
export function bindPod(
  api: Pick<Api, 'store'>,
  namespace: string | undefined,
  binding: ApiObject,
): StoredObject {
  const name = binding.metadata.name ?? '';
  const nodeName = stringAt(binding, 'target', 'name');
  const pod = api.store.get(collectionOf(pods), name, namespace);
  if (!pod) throw notFound(pods, name);
  if (nodeName === undefined) throw badRequest('target.name: Required value');
  const assigned = stringAt(pod, 'spec', 'nodeName');
  if (assigned !== undefined) {
    throw conflict(pods, name, `pod ${name} is already assigned to node "${assigned}"`);
  }
  return api.store.put(collectionOf(pods), { ...pod, spec: { ...(pod['spec'] as object), nodeName } });
}
