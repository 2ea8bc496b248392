import assert from 'node:assert/strict';
import { test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import {
  copiedKeeping,
  joinKeeping,
  keepingAnnotations,
  readKeeping,
  whyKept,
  type Keeping,
} from '#src/domain/restore-points/keeping.ts';
import { snapshot } from '#test/domain/objects.ts';

const [early, late] = [new Date('2026-03-14T03:00:00Z'), new Date('2026-03-15T03:00:00Z')];

function marked(annotations: Record<string, string> | undefined) {
  const made = snapshot('data');
  if (annotations !== undefined) made.metadata.annotations = annotations;
  return made;
}

test('who made a point, that it is pinned, and until when it is kept are read as they were written', () => {
  const user = { by: 'user', name: 'jane: x' } as const;
  const rows: [args: Parameters<typeof keepingAnnotations>, read: Keeping][] = [
    [[{ by: 'schedule' }], { maker: { by: 'schedule' }, pinned: false }],
    [[user], { maker: user, pinned: false }],
    [[user, { pinned: true }], { maker: user, pinned: true }],
    [[user, { until: late }], { maker: user, pinned: false, until: late }],
    [
      [{ by: 'schedule' }, { pinned: true, until: late }],
      { maker: { by: 'schedule' }, pinned: true, until: late },
    ],
    [
      [{ by: 'user', name: 'x'.repeat(300) }],
      { maker: { by: 'user', name: 'x'.repeat(253) }, pinned: false },
    ],
  ];
  for (const [args, read] of rows) assert.deepEqual(readKeeping(marked(keepingAnnotations(...args))), read);
});

test('a maker that is not recorded stays unknown, and a time that is none keeps for ever', () => {
  const rows: [annotations: Record<string, string> | undefined, read: Keeping][] = [
    [undefined, { pinned: false }],
    [{ [annotation.madeBy]: 'somebody' }, { pinned: false }],
    [{ [annotation.madeBy]: 'a user:' }, { pinned: false }],
    [{ [annotation.pinned]: 'false' }, { pinned: false }],
    [{ [annotation.keepUntil]: 'tomorrow' }, { pinned: true }],
  ];
  for (const [annotations, read] of rows) assert.deepEqual(readKeeping(marked(annotations)), read);
});

test('a snapshot takes over what keeps its session, and nothing else', () => {
  const marks = { [annotation.madeBy]: 'schedule', [annotation.pinned]: 'true', [annotation.keepUntil]: 'x' };
  assert.deepEqual(copiedKeeping(marked({ ...marks, other: 'x' })), marks);
  assert.deepEqual(copiedKeeping(marked({ [annotation.pinned]: 'true' })), { [annotation.pinned]: 'true' });
  assert.deepEqual(copiedKeeping(marked({ [annotation.keepUntil]: 'x'.repeat(300) })), {
    [annotation.keepUntil]: 'x'.repeat(253),
  });
  assert.deepEqual(copiedKeeping(marked(undefined)), {});
});

test('a point is kept while it is pinned, or before its time', () => {
  const rows: [keeping: Keeping, why: string | undefined][] = [
    [{ pinned: false }, undefined],
    [{ pinned: true }, 'pinned'],
    [{ pinned: true, until: early }, 'pinned'],
    [{ pinned: false, until: late }, 'kept until 2026-03-15T03:00:00.000Z'],
    [{ pinned: false, until: early }, undefined],
  ];
  for (const [keeping, why] of rows) assert.equal(whyKept(keeping, early), why);
});

test('one snapshot that is kept keeps its point, and one that a user made makes it the point of the user', () => {
  const jane = { by: 'user', name: 'jane' } as const;
  const schedule = { by: 'schedule' } as const;
  const rows: [all: Keeping[], joined: Keeping][] = [
    [[], { pinned: false }],
    [[{ pinned: false }], { pinned: false }],
    [
      [
        { pinned: false, maker: schedule },
        { pinned: false, maker: schedule },
      ],
      { pinned: false, maker: schedule },
    ],
    [
      [
        { pinned: false, maker: schedule, until: late },
        { pinned: true, maker: jane, until: early },
      ],
      { pinned: true, maker: jane, until: late },
    ],
    [[{ pinned: false, maker: schedule }, { pinned: false }], { pinned: false }],
  ];
  for (const [all, joined] of rows) assert.deepEqual(joinKeeping(all), joined);
});
