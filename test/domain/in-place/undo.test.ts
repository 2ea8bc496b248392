import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chooseUndo } from '#src/domain/in-place/undo.ts';
import { claim, stored } from '#test/domain/objects.ts';

import { inPlaceSession, swapName, type InPlaceChanges } from './in-place-session.ts';

const record = {
  ...({ method: 'recreate', before: 'before-restore-sts-db' } as const),
  claims: [{ name: 'data-db-0', uid: 'u', volume: 'pv-old', snapshot: 'data-1' }],
};

function undo(changes: InPlaceChanges, uid: string) {
  const restoreSessions = [stored(inPlaceSession({ record, ...changes }))];
  const live = claim('data-db-0');
  const claims = [{ ...live, metadata: { ...live.metadata, uid } }];
  return chooseUndo({ session: swapName, namespace: 'demo', restoreSessions, claims, volumes: [] });
}

const back =
  'to go back to that data:\nkubectl stash restore statefulset/db --in-place -n demo --method recreate --from before-restore-sts-db';

test('a recreation that has deleted no claim is given up', () => {
  const choice = undo({}, 'u');
  assert.equal('value' in choice && choice.value.do, 'abandon');
});

test('one that has deleted claims kept no volumes: undo tells how to go back to the data from before', () => {
  const choices: readonly [InPlaceChanges, string][] = [
    [
      {},
      `bring it to its end first:\nkubectl stash restore statefulset/db --in-place -n demo --from point\n${back}`,
    ],
    [{ phase: 'Succeeded', conditions: ['restoreCompleted'] }, back],
    [{ phase: 'Failed', conditions: ['restoreNotCompleted'] }, back],
  ];
  for (const [changes, hint] of choices) {
    const choice = undo(changes, 'another');
    assert('failure' in choice);
    const { kind, message } = choice.failure;
    assert.equal(kind, 'precondition');
    assert.equal(
      message,
      'restoresession/restore-sts-db kept no volumes: the data from before it is in backupsession/before-restore-sts-db',
    );
    assert.equal(choice.failure.hint, hint);
  }
});
