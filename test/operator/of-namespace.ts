/** A connection that sees only one namespace, so that several operators can share a sandbox. */
import type { Resource } from '#src/api/resources.ts';
import type { Cluster, Scope } from '#src/cluster/port.ts';

export function ofNamespace(cluster: Cluster, namespace: string): Cluster {
  const narrow = (resource: Resource, scope: Scope = {}): Scope =>
    resource.namespaced ? { namespace, ...scope } : scope;
  return {
    ...cluster,
    list: (resource, scope) => cluster.list(resource, narrow(resource, scope)),
    watch: (resource, scope, signal) => cluster.watch(resource, narrow(resource, scope), signal),
  };
}
