import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isInterrupted, interruption, mayBeStopped } from '#src/domain/in-place/interrupted.ts';
import { stored } from '#test/domain/objects.ts';

import { inPlaceSession, type InPlaceChanges } from './in-place-session.ts';

const rows: readonly [string, InPlaceChanges, boolean][] = [
  ['while claims are staged', {}, false],
  ['the volumes are kept', { conditions: ['claimsStaged', 'volumesKept'] }, false],
  ['it is about to be stopped', { record: { stopping: true }, conditions: ['volumesKept'] }, true],
  ['the claims are swapped', { record: { stopping: true }, conditions: ['claimsSwapped'] }, true],
  ['it runs again', { record: { stopping: true }, conditions: ['workloadStarted'] }, false],
  ['its record is of a later version, nothing is kept', { written: '{"v":2}' }, false],
  ['its record is of a later version', { written: '{"v":2}', conditions: ['volumesKept'] }, true],
];

for (const [name, changes, expected] of rows) {
  test(`whether the workload may be stopped: ${name}`, () => {
    assert.equal(mayBeStopped(stored(inPlaceSession(changes))), expected);
  });
}

const messageOf = (changes: InPlaceChanges) => interruption(stored(inPlaceSession(changes))).message;

test('the condition names the holder and its last renewal, and the commands that go on and back', () => {
  assert.equal(
    messageOf({ holder: 'cli-1 7' }),
    'the workload may be stopped: cli-1 has shown no sign of life since its renewal 7; ' +
      'to go on: kubectl stash restore statefulset/db --in-place -n demo --from point; ' +
      'to go back: kubectl stash undo restore-sts-db -n demo',
  );
  assert.notEqual(messageOf({ holder: 'cli-1 8' }), messageOf({ holder: 'cli-1 7' }));
  assert.match(messageOf({ holder: '' }), /: no command line goes on with the restore in place; to go on: /);
});

test('what undoes another session goes on by the same undo', () => {
  assert.match(
    messageOf({ record: { volumesOf: 'first' } }),
    /place; to go on: kubectl stash undo first -n demo$/,
  );
});

test('what was abandoned only goes back', () => {
  assert.match(
    messageOf({ record: { abandoned: true } }),
    /place; to go on: kubectl stash undo restore-sts-db -n demo$/,
  );
});

test('a session without a workload can only be undone', () => {
  const nameless = { metadata: { annotations: { 'stash.appscode.com/target': '' } } };
  assert.match(messageOf(nameless), /place; to go on: kubectl stash undo restore-sts-db -n demo$/);
});

test('a name that a terminal would not show is not printed as a command', () => {
  const hidden = messageOf({ record: { volumesOf: 'a\u202eb' } });
  assert.doesNotMatch(hidden, /to go on|\u202e/);
});

test('it is interrupted while it is unfinished and the condition says so', () => {
  const is = (changes: InPlaceChanges) => isInterrupted(stored(inPlaceSession(changes)));
  assert.equal(is({ conditions: ['swapInterrupted'] }), true);
  assert.equal(is({ conditions: ['swapInterrupted', 'swapResumed'] }), false);
  assert.equal(is({ conditions: ['swapInterrupted', 'restoreCompleted'] }), false);
  assert.equal(is({ conditions: ['swapInterrupted'], phase: 'Failed' }), false);
  const { metadata, ...plain } = stored(inPlaceSession({ conditions: ['swapInterrupted'] }));
  assert.equal(isInterrupted({ ...plain, metadata: { ...metadata, annotations: {} } }), false);
});
