/** For a command that looks at many namespaces: reads what they have in common once. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { apiVersionOf, type Resource } from '#src/api/resources.ts';
import { trimBookkeeping } from '#src/domain/outline.ts';
import { isStashError } from '#src/errors.ts';

import type { Cluster, ListResult, Scope } from './port.ts';

interface Everywhere {
  readonly resourceVersion: string;
  readonly byNamespace: ReadonlyMap<string | undefined, Stored<KubernetesObject>[]>;
}

/**
 * Answers lists of one namespace from one list of all namespaces, where the user may read that, and repeats the answers to all
 * other reads that it has passed on before. Lists with a selector, other than a search of all namespaces by a field, and writes are
 * passed on. Objects of all namespaces have managed fields only if they are of a kind in `withManagers`.
 */
export function listOnce(cluster: Cluster, withManagers: readonly Resource[] = []): Cluster {
  const remember = remembering();
  const everywhere = (resource: Resource) =>
    remember(`list ${keyOf(resource)}`, () =>
      listEverywhere(cluster, resource, withManagers.includes(resource) ? undefined : trimBookkeeping),
    );

  async function list<T extends KubernetesObject>(
    resource: Resource<T>,
    scope: Scope = {},
  ): Promise<ListResult<T>> {
    const { namespace, ...selection } = scope;
    const { fieldSelector } = selection;
    if (Object.values(selection).some((value) => value !== undefined)) {
      const isSearch = resource.namespaced && namespace === undefined && fieldSelector !== undefined;
      const pass = () => cluster.list(resource, scope);
      return isSearch ? remember(`list ${keyOf(resource)} ${JSON.stringify(selection)}`, pass) : pass();
    }
    const all = await everywhere(resource);
    if (all === undefined) return cluster.list(resource, scope);
    const { resourceVersion, byNamespace } = all;
    const items =
      namespace === undefined ? [...byNamespace.values()].flat() : (byNamespace.get(namespace) ?? []);
    return { resourceVersion, items: items as Stored<T>[] };
  }

  return {
    ...cluster,
    list,
    get: (resource, name, namespace) =>
      remember(`get ${keyOf(resource)} ${namespace ?? ''}/${name}`, () =>
        cluster.get(resource, name, namespace),
      ),
    groups: () => remember('groups', () => cluster.groups()),
    kinds: (resource) => remember(`kinds ${apiVersionOf(resource)}`, () => cluster.kinds(resource)),
  };
}

function remembering(): <T>(key: string, read: () => Promise<T>) => Promise<T> {
  const answers = new Map<string, Promise<unknown>>();
  return <T>(key: string, read: () => Promise<T>) => {
    const answer = (answers.get(key) as Promise<T> | undefined) ?? read();
    answers.set(key, answer);
    return answer;
  };
}

/** Undefined: the user may list each namespace only. */
async function listEverywhere(
  cluster: Cluster,
  resource: Resource,
  trim: typeof trimBookkeeping | undefined,
): Promise<Everywhere | undefined> {
  try {
    const { items, resourceVersion } = await cluster.list(resource, { ...(trim && { trim }) });
    return { resourceVersion, byNamespace: Map.groupBy(items, ({ metadata }) => metadata.namespace) };
  } catch (error) {
    if (resource.namespaced && isStashError(error, 'forbidden')) return undefined;
    throw error;
  }
}

function keyOf(resource: Resource): string {
  return `${apiVersionOf(resource)}/${resource.plural}`;
}
