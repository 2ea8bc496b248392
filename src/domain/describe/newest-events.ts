/** Sorts Events as kubectl shows them, newest last. */
import type { Event, Stored } from '#src/api/kubernetes.ts';

/** When the Event last happened, in milliseconds since the epoch. NaN if the Event does not say. */
export function eventTime({ lastTimestamp, eventTime, firstTimestamp, metadata }: Stored<Event>): number {
  return Date.parse(lastTimestamp ?? eventTime ?? firstTimestamp ?? metadata.creationTimestamp);
}

/** Returns the newest `most` Events, in order of time. */
export function newestEvents(events: readonly Stored<Event>[], most: number): Stored<Event>[] {
  const time = (event: Stored<Event>) => eventTime(event) || 0;
  return events.toSorted((a, b) => time(a) - time(b)).slice(-most);
}
