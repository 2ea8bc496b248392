import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Frame } from './frames.ts';
import { saidIn } from './said.ts';

function frame(at: number, ...texts: readonly string[]): Frame {
  const rows = texts.map((text) => ({
    runs: [{ text: text.replace(/^~/, ''), colour: undefined, isBold: false }],
    isWrapped: text.startsWith('~'),
  }));
  return { at, rows, cursor: undefined };
}

test('the lines at the end, and those that were shown for a while before', () => {
  const said = saidIn([
    frame(0, 'a moment', 'a while'),
    frame(1, 'a while'),
    frame(2, 'again a moment'),
    frame(3, 'the end'),
  ]);
  assert.deepEqual(said.atTheEnd, ['the end']);
  assert.deepEqual(said.forAWhile, ['a while']);
  assert.deepEqual(said.ever, ['a moment', 'a while', 'again a moment', 'the end']);
});

for (const [what, shown, lines] of [
  ['a pod of a Job', ['pod stash-vs-notes-1796077390-g64qk'], ['pod stash-vs-notes-SECONDS-RANDOM']],
  ['a name with the second of its creation', ['deploy-shop-1796076701 kept'], ['deploy-shop-SECONDS kept']],
  ['a time', ['due 2026-12-01T03:00:00Z, cut 2026-12-01T03:00:00'], ['due TIME, cut TIME']],
  [
    'durations',
    ['0/1 ready, 9m57s left (0.3s) 250ms 3m'],
    ['0/1 ready, DURATION left (DURATION) DURATION DURATION'],
  ],
  ['a size, a count or a name is no duration', ['1Gi 2/2 app-5d s3m'], ['1Gi 2/2 app-5d s3m']],
  [
    'a volume and a temporary claim',
    ['pvc-e06361c5-71b4-468f-95fa-d40a977d5bae shop-data-stash-d9dea8'],
    ['VOLUME shop-data-stash-RANDOM'],
  ],
  [
    'a long line on several rows',
    ['restoresession/restore-depl', '~oy-shop-1796076842'],
    ['restoresession/restore-deploy-shop-SECONDS'],
  ],
  [
    'columns that are wider because of a duration',
    ['data   5s    cut', 'logs   10s   cut'],
    ['data  DURATION  cut', 'logs  DURATION  cut'],
  ],
  ['empty lines, and what a command waits for', ['', 'waiting: pod/a is not started', 'b'], ['b']],
  ['the order of sessions that run in parallel', ['two', 'one'], ['one', 'two']],
] as const) {
  test(`${what} does not differ from run to run`, () => {
    assert.deepEqual(saidIn([frame(0, ...shown)]).atTheEnd, lines);
  });
}
