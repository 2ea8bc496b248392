/**
 * Chooses the container for an exec or logs request, and checks whether the API server admits the request.
 */
import type { Pod } from '#src/api/kubernetes.ts';

import { badRequest } from './status.ts';

type Located = Pick<Pod, 'spec'> & { readonly metadata: { readonly name: string } };

/**
 * `wanted`: the container in the request. Unlike kubectl, an API server picks a container only if the pod has
 * just one.
 */
export function chooseContainer({ metadata, spec }: Located, wanted: string | undefined): string {
  const { containers, initContainers = [], nodeName } = spec;
  const names = [...initContainers, ...containers].map(({ name }) => name);
  const [only] = containers;
  const chosen = wanted ?? (containers.length === 1 ? only?.name : undefined);
  if (chosen === undefined) {
    throw badRequest(
      `a container name must be specified for pod ${metadata.name}, choose one of: [${names.join(' ')}]`,
    );
  }
  if (!names.includes(chosen)) {
    throw badRequest(`container ${chosen} is not valid for pod ${metadata.name}`);
  }
  if (nodeName === undefined) throw badRequest(`pod ${metadata.name} does not have a host assigned`);
  return chosen;
}
