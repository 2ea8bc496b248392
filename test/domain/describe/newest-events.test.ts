import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Event } from '#src/api/kubernetes.ts';
import { eventTime, newestEvents } from '#src/domain/describe/newest-events.ts';
import { created, stored } from '#test/domain/objects.ts';

function event(name: string, times: Partial<Event>) {
  return stored<Event>({ apiVersion: 'v1', kind: 'Event', metadata: { name }, involvedObject: {}, ...times });
}

const early = '2026-03-14T01:00:00Z';
const late = '2026-03-14T05:00:00Z';

test('an Event has the time of its last repetition, else the one that it gives', () => {
  const rows: readonly (readonly [Partial<Event>, string])[] = [
    [{ lastTimestamp: late, firstTimestamp: early }, late],
    [{ eventTime: late, firstTimestamp: early }, late],
    [{ eventTime: null, firstTimestamp: early }, early],
    [{}, created],
  ];
  for (const [times, expected] of rows) assert.equal(eventTime(event('e', times)), Date.parse(expected));
});

test('the newest Events are shown, the newest last; a malformed time is the oldest', () => {
  const events = [
    event('late', { lastTimestamp: late }),
    event('odd', { lastTimestamp: 'soon' }),
    event('early', { lastTimestamp: early }),
  ];
  const names = (most: number) => newestEvents(events, most).map(({ metadata }) => metadata.name);
  assert.deepEqual(names(3), ['odd', 'early', 'late']);
  assert.deepEqual(names(2), ['early', 'late']);
});
