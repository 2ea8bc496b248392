/** Events, as `kubectl describe` shows them: the same one again is counted, not repeated. */
import type { Event, KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { managedBy } from '#src/api/labels.ts';
import { apiVersionOf, events, type Resource } from '#src/api/resources.ts';
import { isNamespaceGoing } from '#src/cluster/errors.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import { shorten } from '#src/domain/workload/names.ts';
import { isStashError } from '#src/errors.ts';

import { errorFields } from './log.ts';
import type { Log, World } from './world.ts';

export interface EventRecorder {
  /** Returns at once; what cannot be written is dropped. */
  readonly record: World['event'];
  /** Resolves once all that was recorded is written or dropped. */
  readonly written: () => Promise<void>;
}

/** When so many wait for the server, new ones are dropped: whoever tells so much tells nothing. */
const longestQueue = 1_000;
/** Of so many it is known that they were told before; the oldest are forgotten, and told anew. */
const remembered = 4_096;
const atOnce = 4;
/** What the API takes. */
const longestMessage = 1_024;
/** Leaves room for what the server makes a name of. */
const longestName = 240;

interface Told {
  readonly first: Event;
  count: number;
  lastTimestamp: string;
  /** It is in line, or just being written. */
  isUnderWay: boolean;
  /** Undefined: not written yet. */
  stored?: Stored<Event> | undefined;
}

export function eventRecorder(options: {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
}): EventRecorder {
  const { cluster, clock, log } = options;
  const told = new Map<string, Told>();
  const queue: Told[] = [];
  const workers = new Set<Promise<void>>();

  async function write(one: Told): Promise<void> {
    const { first, count, lastTimestamp, stored } = one;
    if (stored !== undefined) {
      try {
        await cluster.patch(events, stored.metadata, { count, lastTimestamp });
        return;
      } catch (error) {
        // The server forgets an event after an hour.
        if (!isStashError(error, 'not-found')) throw error;
      }
    }
    one.stored = await cluster.create(events, { ...first, count, lastTimestamp });
  }

  async function work(): Promise<void> {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const { count } = one;
      await write(one).catch((error: unknown) => {
        // In a namespace that goes nothing can be told any more.
        if (isStashError(error, 'not-found') || isNamespaceGoing(error)) return;
        log.warn('an event could not be written', errorFields(error));
      });
      // Told again meanwhile: only now is it known which event counts up.
      if (one.count > count) queue.push(one);
      else one.isUnderWay = false;
    }
  }

  function enqueue(one: Told): void {
    if (one.isUnderWay || queue.length >= longestQueue) return;
    one.isUnderWay = true;
    queue.push(one);
    if (workers.size >= atOnce) return;
    const worker = work().finally(() => workers.delete(worker));
    workers.add(worker);
  }

  return {
    record(resource, object, type, reason, message) {
      const key = JSON.stringify([object.metadata.uid, type, reason, message]);
      const lastTimestamp = clock.now().toISOString().replace(/\.\d+/, '');
      const one = told.get(key) ?? {
        first: eventAbout(resource, object, { type, reason, message, firstTimestamp: lastTimestamp }),
        count: 0,
        lastTimestamp,
        isUnderWay: false,
      };
      one.count += 1;
      one.lastTimestamp = lastTimestamp;
      // The map's order is that of the last time.
      told.delete(key);
      told.set(key, one);
      for (const oldest of told.keys()) {
        if (told.size <= remembered) break;
        told.delete(oldest);
      }
      enqueue(one);
    },
    async written() {
      await Promise.all(workers);
    },
  };
}

function eventAbout(
  resource: Resource,
  { metadata }: Stored<KubernetesObject>,
  { message = '', ...what }: Pick<Event, 'type' | 'reason' | 'message' | 'firstTimestamp'>,
): Event {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { generateName: `${shorten(name, longestName)}.`, namespace: namespace ?? 'default' },
    involvedObject: {
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      ...(namespace !== undefined && { namespace }),
      ...{ name, uid, resourceVersion },
    },
    source: { component: managedBy },
    message: message.length > longestMessage ? `${message.slice(0, longestMessage - 1)}…` : message,
    ...what,
  };
}
