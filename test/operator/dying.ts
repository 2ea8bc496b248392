/** A connection whose user dies at a given write. */
import type { Cluster } from '#src/cluster/port.ts';

export interface Death {
  /** The first write is 1. */
  readonly write: number;
  /** Whether the server still gets it. */
  readonly when: 'before' | 'after';
}

/** Events do not count: nothing depends on them. */
export function dying(
  inner: Cluster,
  death: Death | undefined,
  die: () => void,
  count: () => number,
): Cluster {
  const write = async <T>(plural: string, send: () => Promise<T>): Promise<T> => {
    if (plural === 'events' || count() !== death?.write) return send();
    const sent = death.when === 'after' ? send() : undefined;
    await sent?.catch(() => undefined);
    die();
    return new Promise<T>(() => undefined);
  };
  return {
    ...inner,
    create: (resource, ...others) => write(resource.plural, () => inner.create(resource, ...others)),
    patch: (resource, ...others) => write(resource.plural, () => inner.patch(resource, ...others)),
    delete: (resource, ...others) => write(resource.plural, () => inner.delete(resource, ...others)),
  };
}
