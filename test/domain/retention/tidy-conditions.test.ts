/** What a session's conditions say about retention and history after its end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Condition } from '#src/api/kubernetes.ts';
import type { BackupSessionPhase, RetentionPolicy } from '#src/api/stash.ts';
import {
  historyType,
  isTidyCondition,
  retentionType,
  tellHistory,
  tidyCondition,
  tidyingLeft,
} from '#src/domain/retention/tidy-conditions.ts';
import { keepingAnnotations, type Maker } from '#src/domain/restore-points/keeping.ts';
import { backupSession, configuration, created } from '#test/domain/objects.ts';

function left(
  phase: BackupSessionPhase,
  rules: Partial<RetentionPolicy>,
  conditions?: Condition[],
  maker: Maker = { by: 'schedule' },
) {
  const retentionPolicy = { name: 'p', prune: true, ...rules };
  const session = backupSession({ phase, ...(conditions && { conditions }) });
  const made = { ...session, metadata: { ...session.metadata, annotations: keepingAnnotations(maker) } };
  return tidyingLeft(made, configuration('sts-db', { retentionPolicy }));
}

test('retention follows a success only, the history limit every end', () => {
  const rules = { keepLast: 2 };
  assert.deepEqual(left('Succeeded', rules), [retentionType, historyType]);
  for (const phase of ['Failed', 'Skipped', 'Unknown'] as const)
    assert.deepEqual(left(phase, rules), [historyType], phase);
  assert.deepEqual(left('Succeeded', {}), [historyType], 'a policy without rules keeps all');
  assert.deepEqual(
    left('Succeeded', { keepLast: -1 }),
    [retentionType, historyType],
    'an invalid one is told',
  );
  const byUser = left('Succeeded', rules, [], { by: 'user', name: 'jane' });
  assert.deepEqual(byUser, [historyType], 'a session by hand deletes nothing');
});

test('each is done once, whether or not it worked', () => {
  for (const done of [true, false]) {
    const retained = tidyCondition(retentionType, done, 'm');
    const cleaned = tidyCondition(historyType, done, 'm');
    assert.deepEqual(left('Succeeded', { keepLast: 2 }, [retained]), [historyType]);
    assert.deepEqual(left('Succeeded', { keepLast: 2 }, [cleaned]), [retentionType]);
    assert.deepEqual(left('Succeeded', { keepLast: 2 }, [cleaned, retained]), []);
  }
});

test('nothing follows before the end: its status may not have been written', () => {
  assert.deepEqual(left('Running', { keepLast: 2 }), []);
  assert.deepEqual(left('Pending', { keepLast: 2 }), []);
});

test('nothing follows the end of a session that is being deleted', () => {
  const session = backupSession({ phase: 'Succeeded' });
  const deleted = { ...session, metadata: { ...session.metadata, deletionTimestamp: created } };
  assert.deepEqual(tidyingLeft(deleted, configuration('sts-db')), []);
});

test('a condition says whether it worked, and is not about how the session ended', () => {
  for (const type of [retentionType, historyType]) {
    assert.deepEqual(
      [true, false]
        .map((done) => tidyCondition(type, done, 'words'))
        .map(({ status, message }) => [status, message]),
      [
        ['True', 'words'],
        ['False', 'words'],
      ],
    );
    assert.equal(isTidyCondition(tidyCondition(type, true, '')), true);
  }
  assert.equal(isTidyCondition({ type: 'DeadlineExceeded', status: 'True' }), false);
});

test('the message about the history names what was deleted', () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `s-${index}`);
  assert.equal(tellHistory(3, []), 'backupHistoryLimit 3: nothing to delete');
  assert.equal(tellHistory(1, names(2)), 'backupHistoryLimit 1: deleted s-0, s-1');
  assert.equal(tellHistory(0, names(10)), `backupHistoryLimit 0: deleted ${names(10).join(', ')}`);
  assert.equal(tellHistory(0, names(11)), `backupHistoryLimit 0: deleted ${names(10).join(', ')} and 1 more`);
});
