/** Writes Events, as `kubectl describe` shows them: an identical one increases the count of the first. */
import type { Event, KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { managedBy } from '#src/api/labels.ts';
import { apiVersionOf, events, type Resource } from '#src/api/resources.ts';
import { isNamespaceGoing } from '#src/cluster/errors.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import { cutEnd } from '#src/domain/ellipsis.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { shorten } from '#src/domain/workload/names.ts';
import { isStashError } from '#src/errors.ts';

import { errorFields } from './log.ts';
import type { Log, World } from './world.ts';

export interface EventRecorder {
  /** Returns at once; Events that cannot be written are dropped. */
  readonly record: World['event'];
  /** Resolves once all recorded Events are written or dropped. */
  readonly written: () => Promise<void>;
}

/** When this many Events wait for the API server, new ones are dropped. */
const longestQueue = 1_000;
/** Number of Events that are remembered for counting; a forgotten one is written as a new Event. */
const remembered = 4_096;
const atOnce = 4;
/** The API's limit for a message. */
const longestMessage = 1_024;
/** Leaves room for the suffix that the API server appends to `generateName`. */
const longestName = 240;

interface Told {
  readonly first: Event;
  count: number;
  lastTimestamp: string;
  /** Queued or being written. */
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
        // The API server deletes Events after an hour.
        if (!isStashError(error, 'not-found')) throw error;
      }
    }
    one.stored = await cluster.create(events, { ...first, count, lastTimestamp });
  }

  async function work(): Promise<void> {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const { count } = one;
      await write(one).catch((error: unknown) => {
        // A namespace that is being deleted accepts no new Events.
        if (isStashError(error, 'not-found') || isNamespaceGoing(error)) return;
        log.warn('could not write an Event', errorFields(error));
      });
      // Recorded again during the write: increase the count of the Event that now exists.
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
      // Insertion order is the order of last use, so that the oldest is forgotten first.
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
    message: cutEnd(sanitize(message), longestMessage),
    ...what,
  };
}
