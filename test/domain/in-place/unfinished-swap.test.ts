import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  isSwapOf,
  refuseDuringSwap,
  refuseSwappedClaims,
  unfinishedSwapsOf,
  type SwapSubject,
} from '#src/domain/in-place/unfinished-swap.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { stored, target } from '#test/domain/objects.ts';

import { inPlaceSession, type InPlaceChanges } from './in-place-session.ts';

const refused = (changes: InPlaceChanges) =>
  refuseDuringSwap(target, [stored(inPlaceSession(changes))]).map(({ message, hint }) => [message, hint]);

const words = [
  'statefulset/db: restoresession/restore-sts-db swaps its claims, and is unfinished',
  'to go on:\nkubectl stash restore statefulset/db --in-place -n demo --from point\n' +
    'to go back:\nkubectl stash undo restore-sts-db -n demo',
];

const rows: readonly [string, InPlaceChanges, boolean][] = [
  ['it runs', {}, true],
  ['it is pending', { phase: 'Pending' }, true],
  ["AppsCode's operator has bound the new claims", { phase: 'Succeeded' }, true],
  ['it has ended', { phase: 'Succeeded', conditions: ['restoreCompleted'] }, false],
  ['it has ended badly', { conditions: ['restoreNotCompleted'] }, false],
  ['it has failed', { phase: 'Failed' }, false],
  ['it is being deleted', { metadata: { deletionTimestamp: 'x' } }, false],
  ['it is of another workload', { target: { ...target, name: 'other' } }, false],
  ['it is of a workload of another kind', { target: { ...target, kind: 'Deployment' } }, false],
];

for (const [name, changes, isRefused] of rows) {
  test(`a snapshot beside a restore in place: ${name}`, () => {
    assert.deepEqual(refused(changes), isRefused ? [words] : []);
  });
}

test('only claims that it swaps, and only until it has ended, cannot be restored', () => {
  const refusedFor = (claim: string, changes: InPlaceChanges = {}) =>
    refuseSwappedClaims({ target: undefined, claims: [undefined, claim] }, [
      stored(inPlaceSession(changes)),
    ]).map(({ message }) => message);
  const why = 'restoresession/restore-sts-db swaps claim data-db-0, and is unfinished';
  assert.deepEqual(refusedFor('data-db-0'), [why]);
  assert.deepEqual(refusedFor('data-db-0-x'), []);
  assert.deepEqual(refusedFor('data-db-0', { phase: 'Failed' }), []);
  assert.deepEqual(refusedFor('data-db-0', { written: '' }), []);
});

const own: Target = { kind: 'PersistentVolumeClaim', name: 'data-db-0', namespace: 'demo' };
const other: Target = { ...target, name: 'other' };
const swapOf: readonly [string, SwapSubject, InPlaceChanges, boolean][] = [
  ['all claims of its workload', { target }, {}, true],
  ['all claims of its workload, with a record that cannot be read', { target }, { written: '' }, true],
  ['one of its claims, as a target of its own', { target: own }, {}, true],
  ['another claim', { target: { ...own, name: 'data-db-1' } }, {}, false],
  ['a workload that has the name of its claim', { target: { ...own, kind: 'Deployment' } }, {}, false],
  ['a claim, with a record that cannot be read', { target: own }, { written: '' }, false],
  ['one of its claims', { target, claims: ['logs', 'data-db-0'] }, {}, true],
  ['other claims of its workload', { target, claims: ['logs'] }, {}, false],
  ['any claims, with a record that cannot be read', { target, claims: ['logs'] }, { written: '' }, true],
  ['its claim, for another workload', { target: other, claims: ['data-db-0'] }, {}, true],
  ['another workload, with a record that cannot be read', { target: other }, { written: '' }, false],
  ['nothing of it', { target: undefined }, {}, false],
  ['another workload that it stops', { target: other }, { record: { also: ['statefulset/other'] } }, true],
  [
    'a claim of that one',
    { target: other, claims: ['c'] },
    { record: { also: ['statefulset/other'] } },
    false,
  ],
  ['one of that name', { target: other }, { record: { also: ['deployment/other'] } }, false],
];

for (const [which, subject, changes, isIt] of swapOf) {
  test(`a restore in place ${isIt ? 'concerns' : 'does not concern'} ${which}`, () => {
    const session = stored(inPlaceSession(changes));
    assert.equal(isSwapOf(subject, session), isIt);
    assert.deepEqual(unfinishedSwapsOf(subject, [session]), isIt ? [session] : []);
    assert.equal(refuseSwappedClaims(subject, [session]).length, isIt ? 1 : 0);
  });
}

test('where the claim is not known, the refusal names none', () => {
  const [failure] = refuseSwappedClaims({ target, claims: ['logs'] }, [
    stored(inPlaceSession({ written: '' })),
  ]);
  assert.equal(failure?.message, 'restoresession/restore-sts-db swaps its claims, and is unfinished');
});

test('an ordinary restore of the workload keeps no snapshot from being taken', () => {
  const { metadata, ...session } = stored(inPlaceSession());
  const { 'stash.appscode.com/target': of = '' } = metadata.annotations as Record<string, string>;
  const annotations = { 'stash.appscode.com/target': of };
  assert.deepEqual(refuseDuringSwap(target, [{ ...session, metadata: { ...metadata, annotations } }]), []);
});
