/** Builds the page about one session. */
import type { Event, Stored } from '#src/api/kubernetes.ts';
import type { Read } from '#src/domain/checks/check.ts';
import type { SessionFacts } from '#src/domain/describe/facts.ts';
import { nextOfSession } from '#src/domain/describe/next-steps.ts';

import { eventsSection } from './events-section.ts';
import type { Moments } from './moments.ts';
import { nextSection } from './next-section.ts';
import type { Page } from './page.ts';
import { storyOf } from './story.ts';

export function sessionPage(
  facts: SessionFacts,
  events: Read<readonly Stored<Event>[]>,
  { moments, at }: { readonly moments: Moments; readonly at: (command: string) => string },
): Page {
  const { kind, metadata } = facts.session;
  return [
    { label: 'Name', value: metadata.name },
    { label: 'Namespace', value: metadata.namespace ?? '' },
    { label: 'Kind', value: kind },
    ...storyOf(facts, moments),
    ...nextSection(nextOfSession(facts), at),
    ...eventsSection(events, moments),
  ];
}
