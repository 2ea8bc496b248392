import assert from 'node:assert/strict';
import { test } from 'node:test';

import { refuseDuringSwap, refuseSwappedClaims } from '#src/domain/in-place/unfinished-swap.ts';
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
  ['it is in another namespace', { target: { ...target, namespace: 'other' } }, false],
];

for (const [name, changes, isRefused] of rows) {
  test(`a snapshot beside a restore in place: ${name}`, () => {
    assert.deepEqual(refused(changes), isRefused ? [words] : []);
  });
}

test('only claims that it swaps, and only until it has ended, cannot be restored', () => {
  const refusedFor = (claim: string, changes: InPlaceChanges = {}) =>
    refuseSwappedClaims([undefined, claim], [stored(inPlaceSession(changes))]).map(({ message }) => message);
  const why = 'restoresession/restore-sts-db swaps claim data-db-0, and is unfinished';
  assert.deepEqual(refusedFor('data-db-0'), [why]);
  assert.deepEqual(refusedFor('data-db-0-x'), []);
  assert.deepEqual(refusedFor('data-db-0', { phase: 'Failed' }), []);
  assert.deepEqual(refusedFor('data-db-0', { written: '' }), []);
});

test('an ordinary restore of the workload keeps no snapshot from being taken', () => {
  const { metadata, ...session } = stored(inPlaceSession());
  const { 'stash.appscode.com/target': of = '' } = metadata.annotations as Record<string, string>;
  const annotations = { 'stash.appscode.com/target': of };
  assert.deepEqual(refuseDuringSwap(target, [{ ...session, metadata: { ...metadata, annotations } }]), []);
});
