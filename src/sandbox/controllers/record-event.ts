/** Records Events, for `kubectl describe`. A repeated Event increases the count of the first one. */
import type { Event, KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { apiVersionOf, events, type Resource } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { timestamp } from '#src/sandbox/api-server/object.ts';

export type RecordEvent = (
  resource: Resource,
  about: Stored<KubernetesObject>,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
) => void;

/**
 * Recording must neither delay nor fail the work that it reports: writes run in the background, and failed
 * ones are dropped.
 */
export function eventRecorder(cluster: Cluster, component: string, now: () => Date): RecordEvent {
  const told = new Map<string, { count: number; last: Promise<Stored<Event>> }>();
  let counter = 0;

  return (resource, about, type, reason, message) => {
    const { name, uid, resourceVersion, namespace } = about.metadata;
    const at = now();
    const lastTimestamp = timestamp(at);
    const key = JSON.stringify([uid, type, reason, message]);
    const before = told.get(key);
    const count = (before?.count ?? 0) + 1;

    const first = (): Promise<Stored<Event>> => {
      const event = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: {
          name: `${name}.${(at.getTime() * 1000 + counter++).toString(16)}`,
          namespace: namespace ?? 'default',
        },
        involvedObject: {
          apiVersion: apiVersionOf(resource),
          kind: resource.kind,
          ...(namespace !== undefined && { namespace }),
          ...{ name, uid, resourceVersion },
        },
        ...{
          type,
          reason,
          message,
          source: { component },
          firstTimestamp: lastTimestamp,
          lastTimestamp,
          count,
        },
      };
      return cluster.create(events, event);
    };
    const last = before
      ? before.last.then(({ metadata }) => cluster.patch(events, metadata, { count, lastTimestamp }))
      : first();
    last.catch(() => told.delete(key));
    told.set(key, { count, last });
  };
}
