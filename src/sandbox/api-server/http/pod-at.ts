/** The pod of a request for one of its subresources. */
import type { Pod, Stored } from '#src/api/kubernetes.ts';

import type { Api } from '../api.ts';
import type { ResourceRequest } from './request.ts';

/** Throws NotFound. */
export function podAt(
  api: Api,
  { kind, namespace, name = '' }: Pick<ResourceRequest, 'kind' | 'namespace' | 'name'>,
): Stored<Pod> {
  // The store holds objects of any kind; admission has checked this one by the schema of pods.
  return api.get({ kind, namespace, name }) as unknown as Stored<Pod>;
}
