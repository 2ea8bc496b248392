import assert from 'node:assert/strict';
import { test } from 'node:test';

import { swappedClaims } from '#src/domain/in-place/swapped-claims.ts';
import { stored } from '#test/domain/objects.ts';

import { inPlaceSession, type InPlaceChanges } from './in-place-session.ts';

const rows: readonly [string, InPlaceChanges, string, string | undefined][] = [
  ['new', {}, 'Running', 'its new volume is being restored'],
  ['staged', { conditions: ['claimsStaged'] }, 'Running', 'its new volume is bound'],
  ['stopped', { conditions: ['claimsStaged', 'workloadStopped'] }, 'Running', 'the workload is stopped'],
  ['swapped', { conditions: ['workloadStopped', 'claimsSwapped'] }, 'Running', 'swapped'],
  ['ended', { conditions: ['claimsSwapped', 'restoreCompleted'] }, 'Succeeded', undefined],
  ['ended badly', { conditions: ['claimsSwapped', 'restoreNotCompleted'] }, 'Failed', undefined],
];

for (const [name, changes, phase, message] of rows) {
  test(`a follower's row of a restore in place: ${name}`, () => {
    const seen = swappedClaims(stored(inPlaceSession(changes))).map((row) => [
      row.claim,
      row.phase,
      row.message,
    ]);
    assert.deepEqual(seen, [['data-db-0', phase, message]]);
  });
}

test('without a record that can be read, there are no rows', () => {
  assert.deepEqual(swappedClaims(stored(inPlaceSession({ written: '{}' }))), []);
});
