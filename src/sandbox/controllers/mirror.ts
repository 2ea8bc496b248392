/** A local copy of all objects of one kind, kept current by a watch. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { startTimer } from '#src/sandbox/timer.ts';

export interface Mirror<T extends KubernetesObject> {
  readonly resource: Resource<T>;
  get(name: string, namespace?: string): Stored<T> | undefined;
  list(namespace?: string): Stored<T>[];
  /** Takes in the result of a write, so that the next read sees it. */
  observe(object: Stored<T>): Stored<T>;
  /** Calls back for every object that was added, changed or removed, after the mirror contains the change. */
  onChange(listener: (object: Stored<T>) => void): void;
  /** Calls the listeners for every object that the mirror contains. */
  announce(): void;
  /** Resolves after the first list. */
  readonly synced: Promise<void>;
}

/** Milliseconds until the mirror lists a kind again that the server does not serve (yet). */
const retryAfter = 1000;

export function keyOf(name: string, namespace: string | undefined): string {
  return `${namespace ?? ''}/${name}`;
}

/** Follows all namespaces until `signal` aborts. */
export function openMirror<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  signal: AbortSignal,
): Mirror<T> {
  const objects = new Map<string, Stored<T>>();
  const listeners: ((object: Stored<T>) => void)[] = [];
  const { promise: synced, resolve: nowSynced } = Promise.withResolvers<undefined>();
  /**
   * The latest version that the watch has reported: an older object that is not in the mirror was deleted.
   */
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
        // A kind that the server does not serve, for instance because its definition is missing, has no
        // objects.
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
    const timer = startTimer(milliseconds, done);
    signal.addEventListener('abort', done);
  });
}
