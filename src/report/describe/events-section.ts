import type { Event, Stored } from '#src/api/kubernetes.ts';
import type { Read } from '#src/domain/checks/check.ts';
import { eventTime, newestEvents } from '#src/domain/describe/newest-events.ts';

import { renderColumns, type Column } from '../table.ts';
import type { Moments } from './moments.ts';
import { whereKnown, type Page } from './page.ts';

const mostEvents = 20;

/** Builds the section at the end of a page: Events as kubectl shows them, newest last. */
export function eventsSection(read: Read<readonly Stored<Event>[]>, { age }: Moments): Page {
  return whereKnown('Events', read, (events) => {
    const columns: readonly Column<Stored<Event>>[] = [
      { header: 'type', cell: ({ type }) => type ?? '' },
      { header: 'reason', cell: ({ reason }) => reason ?? '' },
      {
        header: 'age',
        cell: (event) => `${age(eventTime(event))}${(event.count ?? 1) > 1 ? ` (x${event.count ?? 1})` : ''}`,
      },
      {
        header: 'object',
        cell: ({ involvedObject: { kind = '', name = '' } }) => `${kind.toLowerCase()}/${name}`,
      },
      { header: 'message', cell: ({ message }) => message ?? '' },
    ];
    const shown = newestEvents(events, mostEvents);
    const hidden = events.length - shown.length;
    const table = shown.length === 0 ? '' : renderColumns(columns, shown, {});
    return [{ label: hidden > 0 ? `Events (${hidden} older ones are left out)` : 'Events', table }];
  });
}
