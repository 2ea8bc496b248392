/** Which container of a pod an exec or a log is about, and whether the API server lets the request through. */
import type { Pod } from '#src/api/kubernetes.ts';

import { badRequest } from './status.ts';

type Located = Pick<Pod, 'spec'> & { readonly metadata: { readonly name: string } };

/** `wanted`: as the request names it; unlike kubectl, an API server chooses only where there is nothing to choose. */
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
