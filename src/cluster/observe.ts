/** A collection that a watch keeps current, for loops that decide by state and not by event. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';
import { formatDuration } from '#src/domain/duration.ts';
import { StashError } from '#src/errors.ts';

import type { Cluster, Scope } from './port.ts';

export interface Observed<T extends KubernetesObject> {
  /** Objects by name, within the scope's namespace. */
  readonly items: ReadonlyMap<string, Stored<T>>;
  /** Resolves with the first full list; rejects if the server refuses permanently. */
  readonly synced: Promise<void>;
  isSynced(): boolean;
  /** Why the items may be out of date; undefined while the connection is up. */
  lost(): string | undefined;
  /** Why the watch ended; undefined while it runs. */
  failure(): Error | undefined;
  /** Names of the objects that the watch reported as deleted, or that were gone when it listed again. */
  readonly deleted: ReadonlySet<string>;
  /** Takes in the result of our own write, before the watch reports it. */
  learn(object: Stored<T>): void;
}

/** Starts the watch. Calls `onChange` after each change, and once the watch has ended. */
export function observe<T extends KubernetesObject>(
  cluster: Cluster,
  resource: Resource<T>,
  scope: Scope,
  signal: AbortSignal,
  onChange: () => void,
): Observed<T> {
  const items = new Map<string, Stored<T>>();
  const deleted = new Set<string>();
  let isSynced = false;
  let lost: string | undefined;
  let failure: Error | undefined;

  const set = (object: Stored<T>) => {
    items.set(object.metadata.name, object);
    deleted.delete(object.metadata.name);
  };
  const drop = (name: string) => {
    items.delete(name);
    deleted.add(name);
  };

  const first = Promise.withResolvers<undefined>();
  // Callers that await `synced` see the failure; without this line, it would be an unhandled rejection for
  // the others.
  first.promise.catch(() => undefined);

  const follow = async () => {
    for await (const event of cluster.watch(resource, scope, signal)) {
      switch (event.type) {
        case 'listed': {
          const names = new Set(event.items.map(({ metadata }) => metadata.name));
          for (const name of [...items.keys()].filter((name) => !names.has(name))) drop(name);
          event.items.forEach(set);
          lost = undefined;
          isSynced = true;
          first.resolve(undefined);
          break;
        }
        case 'changed':
          set(event.object);
          lost = undefined;
          break;
        case 'deleted':
          drop(event.object.metadata.name);
          lost = undefined;
          break;
        case 'lost':
          lost = event.why;
          break;
      }
      onChange();
    }
    first.reject(signal.reason);
  };
  follow().catch((error: unknown) => {
    failure = error instanceof Error ? error : new Error(String(error));
    first.reject(failure);
    onChange();
  });

  return {
    items,
    deleted,
    synced: first.promise,
    isSynced: () => isSynced,
    lost: () => lost,
    failure: () => failure,
    learn: (object) => {
      const known = items.get(object.metadata.name);
      if (known?.metadata.uid !== object.metadata.uid) set(object);
    },
  };
}

/** Returns the notes to print below the claims while a connection is lost. */
export function connectionNotes(...observed: Observed<KubernetesObject>[]): string[] {
  return [...new Set(observed.flatMap((each) => each.lost() ?? []))];
}

/** The error for a first list that did not arrive in time, so that the state of the collection is unknown. */
export function notListed(
  { plural }: Pick<Resource, 'plural'>,
  timeoutMs: number,
  lost: string | undefined,
): StashError {
  const why = lost ?? 'the API server has not answered';
  return new StashError(
    'timed-out',
    `cannot list ${plural}: timed out after ${formatDuration(timeoutMs)}: ${why}`,
  );
}
