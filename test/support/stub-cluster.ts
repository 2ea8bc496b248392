import type { Cluster } from '#src/cluster/port.ts';

/** Returns a Cluster with only the given methods; all others reject. */
export function stubCluster(methods: Partial<Cluster>): Cluster {
  const missing = (name: string) => () => Promise.reject(new Error(`this test's cluster has no ${name}()`));
  return {
    get: missing('get'),
    list: missing('list'),
    async *pages(resource, scope) {
      const list = methods.list ?? missing('list');
      yield { ...(await list(resource, scope)), isFirst: true };
    },
    create: missing('create'),
    patch: missing('patch'),
    delete: missing('delete'),
    watch: () => {
      throw new Error("this test's cluster has no watch()");
    },
    exec: missing('exec'),
    logs: missing('logs'),
    groups: missing('groups'),
    kinds: missing('kinds'),
    serverVersion: missing('serverVersion'),
    close: () => undefined,
    ...methods,
  };
}
