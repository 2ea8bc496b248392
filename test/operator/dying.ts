/** A connection of an operator that is killed, or stopped for a while, at a given write. */
import type { Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';

export interface Death {
  /** The first write is 1. */
  readonly write: number;
  /** `after`: the API server has received the write. */
  readonly when: 'before' | 'after';
}

export interface Dying {
  readonly death: Death | undefined;
  /** Called at the write; resolves when a stopped operator continues, never for a killed one. */
  readonly die: () => Promise<unknown>;
  /** Called with each write, such as `create jobs`; returns its number. */
  readonly count: (what: string) => number;
}

/** Not counted: nothing depends on Events, and the number of writes to the Lease depends on time. */
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
