/** The Cluster port over the store, without HTTP. */
import { text } from 'node:stream/consumers';

import type { KubernetesObject, Pod, Stored } from '#src/api/kubernetes.ts';
import { managedBy } from '#src/api/labels.ts';
import { pods, type Resource } from '#src/api/resources.ts';
import type { Cluster, Scope, WatchEvent } from '#src/cluster/port.ts';

import type { Api } from './api.ts';
import type { Kind } from './kind.ts';
import type { StoredObject } from './object.ts';
import { chooseContainer } from './pod-container.ts';
import type { ContainerAddress, PodRuntime } from './pod-runtime.ts';
import { noSuchResource, notImplemented } from './status.ts';
import { gitVersion } from './version.ts';

/**
 * `runtime` is called at each `exec`; on a cluster without a node, exec rejects with NotImplemented. `manager`: the name
 * of the field manager of all writes; default this program.
 */
export function createLocalCluster(
  api: Api,
  runtime: () => PodRuntime | undefined = () => undefined,
  manager: string = managedBy,
): Cluster {
  const kindOf = (resource: Resource): Kind => {
    const kind = api.registry.find(resource.group, resource.version, resource.plural);
    if (!kind) throw noSuchResource();
    return kind;
  };
  const addressOf = (
    resource: Resource,
    at: { name: string; namespace?: string | undefined },
  ): { kind: Kind; name: string; namespace: string | undefined } => {
    const kind = kindOf(resource);
    return { kind, name: at.name, namespace: kind.namespaced ? at.namespace : undefined };
  };

  const containerAt = ({
    namespace,
    pod: name,
    container,
  }: {
    readonly namespace: string;
    readonly pod: string;
    readonly container?: string | undefined;
  }): ContainerAddress => {
    const pod = api.get(addressOf(pods, { name, namespace })) as unknown as Stored<Pod>;
    return { namespace, pod: name, container: chooseContainer(pod, container) };
  };

  const list: Cluster['list'] = (resource, scope = {}) =>
    attempt(() => {
      const { items, resourceVersion } = api.list(kindOf(resource), scope);
      return { items: items.map(copierFor(scope)), resourceVersion };
    });

  return {
    get: (resource, name, namespace) =>
      attempt(() => copy(api.get(addressOf(resource, { name, namespace })))),
    list,
    async *pages(resource, scope) {
      yield { ...(await list(resource, scope)), isFirst: true };
    },
    create: (resource, object, options) =>
      attempt(() =>
        copy(api.create(kindOf(resource), object.metadata.namespace, object, { ...options, manager })),
      ),
    patch: (resource, at, patch, { type = 'merge', ...options } = {}) =>
      attempt(() => copy(api.patch(addressOf(resource, at), type, patch, { ...options, manager }))),
    delete: (resource, at, options) =>
      attempt(() => {
        api.delete(addressOf(resource, at), options);
      }),
    watch: (resource, scope, signal) => follow(api, () => kindOf(resource), scope, signal),
    exec: async (request) => {
      const node = runtime();
      if (!node) throw notImplemented('exec: there is no node');
      const start = node.openExec(containerAt(request));
      return start({ ...request, tty: false, signal: request.signal ?? new AbortController().signal });
    },
    logs: async (request) => {
      const node = runtime();
      if (!node) throw notImplemented('logs: there is no node');
      const { signal } = new AbortController();
      return text(await node.logs({ ...request, ...containerAt(request), follow: false, signal }));
    },
    groups: () => attempt(() => [...new Set(api.registry.kinds().map((kind) => kind.group))].filter(Boolean)),
    kinds: ({ group, version }) =>
      attempt(() =>
        api.registry
          .kinds()
          .filter((kind) => kind.group === group && kind.version === version)
          .map(({ plural }) => plural),
      ),
    serverVersion: () => Promise.resolve(gitVersion),
    close: () => undefined,
  };
}

function attempt<T>(step: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(step());
  });
}

/** Copies the object, because those in the store are frozen and shared. */
function copy<T extends KubernetesObject>(object: StoredObject): Stored<T> {
  return structuredClone(object) as KubernetesObject as Stored<T>;
}

function copierFor<T extends KubernetesObject>(scope: Scope): (object: StoredObject) => Stored<T> {
  return scope.metadataOnly === true
    ? ({ apiVersion, kind, metadata }) => copy({ apiVersion, kind, metadata })
    : (object) => copy(object);
}

async function* follow<T extends KubernetesObject>(
  api: Api,
  kindOf: () => Kind,
  scope: Scope,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  if (signal.aborted) return;
  const kind = kindOf();
  const copied = copierFor<T>(scope);
  const { items, resourceVersion } = api.list(kind, scope);
  let pending: WatchEvent<T>[] = [{ type: 'listed', items: items.map(copied), resourceVersion }];
  let wake = (): void => undefined;
  const stop = api.watch(kind, scope, Number(resourceVersion), ({ type, object }) => {
    pending.push({ type: type === 'DELETED' ? 'deleted' : 'changed', object: copied(object) });
    wake();
  });
  const onAbort = (): void => {
    wake();
  };
  signal.addEventListener('abort', onAbort);
  try {
    while (!isAborted(signal)) {
      const events = pending;
      pending = [];
      for (const event of events) {
        if (isAborted(signal)) return;
        yield event;
      }
      if (pending.length === 0 && !isAborted(signal)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    stop();
    signal.removeEventListener('abort', onAbort);
  }
}

/** A function, because the compiler would otherwise narrow `aborted` to its earlier value. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
