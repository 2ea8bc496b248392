/** A server as a user sees it who lacks a right. */
import assert from 'node:assert/strict';

import type { KubernetesObject, SelfSubjectAccessReview, Stored } from '#src/api/kubernetes.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { StashError } from '#src/errors.ts';

/**
 * The server's access review reports that the user lacks this right, and may not watch volumes either: then `restore
 * --in-place` is not offered.
 */
export function withoutRight(verb: string, plural: string): (cluster: Cluster) => Cluster {
  return (cluster) => ({
    ...cluster,
    get: (resource, name, namespace) => {
      if (verb !== 'get' || resource.plural !== plural) return cluster.get(resource, name, namespace);
      return Promise.reject(new StashError('forbidden', 'forbidden'));
    },
    create: async <T extends KubernetesObject>(...args: Parameters<Cluster['create']>) => {
      const answer = (await cluster.create(...args)) as Stored<T>;
      if (answer.kind !== 'SelfSubjectAccessReview') return answer;
      const review = answer as unknown as SelfSubjectAccessReview;
      const { resourceAttributes: asked } = review.spec;
      const inNamespace = asked.resource !== 'persistentvolumes';
      assert.equal(asked.namespace !== undefined, inNamespace, 'volumes lie in no namespace');
      const isAsked = (verb: string, plural: string) => asked.verb === verb && asked.resource === plural;
      const allowed = !isAsked(verb, plural) && !isAsked('watch', 'persistentvolumes');
      return { ...review, status: { allowed } } as unknown as Stored<T>;
    },
  });
}

/** A user who cannot restore in place with one command: the steps are printed. */
export const stepByStep = withoutRight('watch', 'persistentvolumes');
