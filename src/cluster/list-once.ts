/** For a command that looks at many namespaces: reads what they have in common once. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { apiVersionOf, type Resource } from '#src/api/resources.ts';
import { trimBookkeeping } from '#src/domain/outline.ts';
import { isStashError } from '#src/errors.ts';

import type { Cluster, ListResult, Scope, WatchScope } from './port.ts';

export interface ListOnceOptions {
  /** Kinds whose objects keep their managed fields in the list of all namespaces. */
  readonly withManagers?: readonly Resource[];
  /** Lists a kind in all namespaces; a kind that is not here is listed as it is. */
  readonly readers?: ReadonlyMap<Resource, () => Promise<ListResult<KubernetesObject>>>;
  /** Kinds that the caller lists with the same selector in each namespace: they are listed with it in all namespaces. */
  readonly alike?: readonly Resource[];
}

interface Everywhere {
  readonly resourceVersion: string;
  readonly byNamespace: ReadonlyMap<string | undefined, Stored<KubernetesObject>[]>;
  /** Undefined if there is none. */
  readonly named: (name: string, namespace: string | undefined) => Stored<KubernetesObject> | undefined;
}

/**
 * Answers lists of one namespace from one list of all namespaces, if the user may read that, and repeats the answers to all
 * other reads that it has passed on before. What it has listed, it does not ask for again by name. Other lists with a selector,
 * and writes, are passed on.
 */
export function listOnce(
  cluster: Cluster,
  { withManagers = [], readers = new Map(), alike = [] }: ListOnceOptions = {},
): Cluster {
  const remember = remembering();
  const listed = new Map<string, Everywhere>();
  const everywhere = (resource: Resource, selection: Scope = {}) =>
    remember(`list ${keyOf(resource)} ${JSON.stringify(selection)}`, async () => {
      const trim = withManagers.includes(resource) ? {} : { trim: trimBookkeeping };
      const isWhole = Object.keys(selection).length === 0;
      const read =
        (isWhole ? readers.get(resource) : undefined) ?? plain(resource, { ...selection, ...trim });
      const found = await listEverywhere(resource, read);
      if (found && isWhole && !readers.has(resource)) listed.set(keyOf(resource), found);
      return found;
    });
  const plain = (resource: Resource, scope: WatchScope<KubernetesObject>) => () =>
    cluster.list(resource, scope);

  async function list<T extends KubernetesObject>(
    resource: Resource<T>,
    scope: Scope = {},
  ): Promise<ListResult<T>> {
    const { namespace, ...rest } = scope;
    const selection = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    const pass = () => cluster.list(resource, scope);
    if (Object.keys(selection).length > 0 && !alike.includes(resource)) {
      // Of selections by fields some are the same; by labels, each workload has its own.
      if (rest.fieldSelector === undefined) return pass();
      const known = listed.get(keyOf(resource));
      const name = nameIn(rest);
      if (known && name !== undefined && resource.namespaced === (namespace !== undefined)) {
        const found = known.named(name, namespace) as Stored<T> | undefined;
        return { resourceVersion: known.resourceVersion, items: found ? [found] : [] };
      }
      return remember(`list ${keyOf(resource)} ${JSON.stringify(scope)}`, pass);
    }
    const all = await everywhere(resource, selection);
    if (all === undefined) return pass();
    const { resourceVersion, byNamespace } = all;
    const items =
      namespace === undefined ? [...byNamespace.values()].flat() : (byNamespace.get(namespace) ?? []);
    return { resourceVersion, items: items as Stored<T>[] };
  }

  function get<T extends KubernetesObject>(resource: Resource<T>, name: string, namespace?: string) {
    const found = listed.get(keyOf(resource))?.named(name, namespace);
    if (found) return Promise.resolve(found as Stored<T>);
    return remember(`get ${keyOf(resource)} ${namespace ?? ''}/${name}`, () =>
      cluster.get(resource, name, namespace),
    );
  }

  return {
    ...cluster,
    list,
    get,
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

/** Undefined if the user may list each namespace only. */
async function listEverywhere(
  resource: Resource,
  read: () => Promise<ListResult<KubernetesObject>>,
): Promise<Everywhere | undefined> {
  try {
    const { items, resourceVersion } = await read();
    const byNamespace = Map.groupBy(items, ({ metadata }) => metadata.namespace);
    return { resourceVersion, byNamespace, named: namedIn(items) };
  } catch (error) {
    if (resource.namespaced && isStashError(error, 'forbidden')) return undefined;
    throw error;
  }
}

function namedIn(items: readonly Stored<KubernetesObject>[]): Everywhere['named'] {
  let byPlace: Map<string, Stored<KubernetesObject>> | undefined;
  const placeOf = (name: string, namespace = '') => `${namespace}/${name}`;
  return (name, namespace) => {
    byPlace ??= new Map(items.map((item) => [placeOf(item.metadata.name, item.metadata.namespace), item]));
    return byPlace.get(placeOf(name, namespace));
  };
}

/** The name that `byName` asks for, and nothing else. */
function nameIn({ fieldSelector = '', labelSelector }: Scope): string | undefined {
  return labelSelector === undefined ? /^metadata\.name=([^\\,]*)$/.exec(fieldSelector)?.[1] : undefined;
}

function keyOf(resource: Resource): string {
  return `${apiVersionOf(resource)}/${resource.plural}`;
}
