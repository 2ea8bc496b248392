/** A connection whose user dies, or stops for a while, at a given write. */
import type { Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

export interface Death {
  /** The first write is 1. */
  readonly write: number;
  /** Whether the server gets it first. */
  readonly when: 'before' | 'after';
}

export interface Dying {
  readonly death: Death | undefined;
  /** Resolves when it goes on, for whoever was only stopped. */
  readonly die: () => Promise<unknown>;
  /** Told of each write, as `create jobs`; says which it is. */
  readonly count: (what: string) => number;
}

/** Not counted: on events nothing depends, and a Lease is written by the clock. */
const uncounted: ReadonlySet<string> = new Set(['events', 'leases']);

export function dying(inner: Cluster, { death, die, count }: Dying): Cluster {
  const write = async <T>(what: string, { plural }: Resource, send: () => Promise<T>): Promise<T> => {
    if (uncounted.has(plural) || count(`${what} ${plural}`) !== death?.write) return send();
    if (death.when === 'before') {
      await die();
      return send();
    }
    const sent = send();
    await sent.catch(() => undefined);
    await die();
    return sent;
  };
  return {
    ...inner,
    create: (resource, ...others) => write('create', resource, () => inner.create(resource, ...others)),
    patch: (resource, ...others) => write('patch', resource, () => inner.patch(resource, ...others)),
    delete: (resource, ...others) => write('delete', resource, () => inner.delete(resource, ...others)),
  };
}
