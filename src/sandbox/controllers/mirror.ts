/** The server's objects of one kind, kept up to date by a watch. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

export interface Mirror<T extends KubernetesObject> {
  readonly resource: Resource<T>;
  get(name: string, namespace?: string): Stored<T> | undefined;
  list(namespace?: string): Stored<T>[];
  /** Takes in what a write returned, so that the next look already sees it. */
  observe(object: Stored<T>): Stored<T>;
  /** Calls back for every object that came, changed or went, after the mirror shows it. */
  onChange(listener: (object: Stored<T>) => void): void;
  /** Calls the listeners for every object that is there already. */
  announce(): void;
  /** Resolves when the first list is in. */
  readonly synced: Promise<void>;
}

/** How soon a kind that the server does not serve (yet) is asked for again. */
const retryAfter = 1000;

export function keyOf(name: string, namespace: string | undefined): string {
  return `${namespace ?? ''}/${name}`;
}

/** Follows the whole cluster until `signal` aborts. */
export function openMirror<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  signal: AbortSignal,
): Mirror<T> {
  const objects = new Map<string, Stored<T>>();
  const listeners: ((object: Stored<T>) => void)[] = [];
  const { promise: synced, resolve: nowSynced } = Promise.withResolvers<undefined>();
  /** The latest version that the watch has shown: what is older and not here is gone. */
  let shown = 0;

  function notify(object: Stored<T>): void {
    for (const listener of listeners) listener(object);
  }

  function take(object: Stored<T>): void {
    const key = keyOf(object.metadata.name, object.metadata.namespace);
    const known = objects.get(key);
    if (known && versionOf(known) >= versionOf(object)) return;
    objects.set(key, object);
    notify(object);
  }

  function drop(object: Stored<T>): void {
    const key = keyOf(object.metadata.name, object.metadata.namespace);
    const known = objects.get(key);
    if (known && versionOf(known) > versionOf(object)) return;
    objects.delete(key);
    notify(object);
  }

  async function follow(): Promise<void> {
    for await (const event of cluster.watch(resource, {}, signal)) {
      switch (event.type) {
        case 'listed': {
          const listed = new Set(event.items.map(({ metadata }) => metadata.uid));
          for (const object of [...objects.values()]) if (!listed.has(object.metadata.uid)) drop(object);
          for (const object of event.items) take(object);
          shown = Math.max(shown, ...event.items.map(versionOf));
          nowSynced(undefined);
          break;
        }
        case 'changed':
          shown = Math.max(shown, versionOf(event.object));
          take(event.object);
          break;
        case 'deleted':
          shown = Math.max(shown, versionOf(event.object));
          drop(event.object);
          break;
        case 'lost':
      }
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await follow();
      } catch {
        // The kind is not served, for instance before its definition is there: it has no objects.
        for (const object of [...objects.values()]) drop(object);
        nowSynced(undefined);
        await pause(retryAfter, signal);
      }
    }
    nowSynced(undefined);
  }
  void run();

  return {
    resource,
    get: (name, namespace) => objects.get(keyOf(name, namespace)),
    list: (namespace) =>
      [...objects.values()].filter(
        ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
      ),
    observe(object) {
      if (versionOf(object) > shown) take(object);
      return object;
    },
    onChange: (listener) => void listeners.push(listener),
    announce() {
      for (const object of [...objects.values()]) notify(object);
    },
    synced,
  };
}

function versionOf(object: Stored<KubernetesObject>): number {
  return Number(object.metadata.resourceVersion);
}

export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}

/** Resolves after `milliseconds`, or at once when `signal` aborts. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
}
