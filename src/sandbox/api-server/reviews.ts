/** Requests that are answered and not stored. */
import { pods } from '#src/api/resources.ts';

import type { Api } from './api.ts';
import { stringAt } from './json.ts';
import type { ApiObject, StoredObject } from './object.ts';
import { collectionOf } from './kind.ts';
import { badRequest, conflict, notFound } from './status.ts';
import type { User } from './tokens.ts';

/** Whoever holds the sandbox's own token. */
export const admin: User = {
  username: 'sandbox-admin',
  groups: ['system:masters', 'system:authenticated'],
};

/** Whoever holds a token may do all: roles are kept, not enforced. */
export function answerReview(review: ApiObject, user: User = admin): ApiObject {
  const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };
  switch (review.kind) {
    case 'SelfSubjectAccessReview':
      return { ...review, status: { allowed: true } };
    case 'SelfSubjectRulesReview': {
      const nonResourceRules = [{ verbs: ['*'], nonResourceURLs: ['*'] }];
      return { ...review, status: { incomplete: false, resourceRules: [everything], nonResourceRules } };
    }
    default:
      return { ...review, status: { userInfo: user } };
  }
}

/** Gives a pod its node, once. The API has no other way to set `spec.nodeName` of a pod that exists. */
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
