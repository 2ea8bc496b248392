/** Puts Events in order, newest last as kubectl shows them. */
import type { Event, Stored } from '#src/api/kubernetes.ts';

/** When it last happened, in milliseconds since the epoch; NaN if the Event does not say. */
export function eventTime({ lastTimestamp, eventTime, firstTimestamp, metadata }: Stored<Event>): number {
  return Date.parse(lastTimestamp ?? eventTime ?? firstTimestamp ?? metadata.creationTimestamp);
}

/** The newest `most` of them, in order of time. */
export function newestEvents(events: readonly Stored<Event>[], most: number): Stored<Event>[] {
  const time = (event: Stored<Event>) => eventTime(event) || 0;
  return events.toSorted((a, b) => time(a) - time(b)).slice(-most);
}
