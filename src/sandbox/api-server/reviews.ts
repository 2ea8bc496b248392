/** Requests that are answered and not stored. */
import type { Api } from './api.ts';
import { stringAt } from './json.ts';
import type { ApiObject, StoredObject } from './object.ts';
import { collectionOf } from './kind.ts';
import { badRequest, conflict, notFound } from './status.ts';
import { pods } from '#src/api/resources.ts';

/** Whoever holds the token may do all. */
export function answerReview(review: ApiObject): ApiObject {
  const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };
  switch (review.kind) {
    case 'SelfSubjectAccessReview':
      return { ...review, status: { allowed: true } };
    case 'SelfSubjectRulesReview': {
      const nonResourceRules = [{ verbs: ['*'], nonResourceURLs: ['*'] }];
      return { ...review, status: { incomplete: false, resourceRules: [everything], nonResourceRules } };
    }
    default: {
      const groups = ['system:masters', 'system:authenticated'];
      return { ...review, status: { userInfo: { username: 'sandbox-admin', groups } } };
    }
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
