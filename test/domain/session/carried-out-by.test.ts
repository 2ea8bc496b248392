import assert from 'node:assert/strict';
import { test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import { carriedOutBy } from '#src/domain/session/carried-out-by.ts';
import { backupSession } from '#test/domain/objects.ts';

const prefix = 'Backup' as const;
const ensured = {
  ...{ type: 'BackupExecutorEnsured', status: 'True' as const, reason: 'SuccessfullyEnsuredBackupExecutor' },
  message: 'job stash-vs-s carries the session out',
};

const rows: readonly (readonly [holder: string | undefined, said: string | undefined])[] = [
  ['cli-1a2b3c4d 7', 'command line cli-1a2b3c4d'],
  ['stash-vs-s-x7k2p 3', 'pod stash-vs-s-x7k2p of job stash-vs-s'],
  ['kubectl-stash-5d9-abcde-1f2e 9', 'operator kubectl-stash-5d9-abcde-1f2e'],
  ['', undefined],
  [undefined, undefined],
];
for (const [holder, said] of rows) {
  test(`holder ${holder ?? 'never'}: ${said ?? 'unknown'}`, () => {
    const annotations = holder === undefined ? {} : { [annotation.executor]: holder };
    const bare = backupSession();
    const session = { ...bare, metadata: { ...bare.metadata, annotations } };
    assert.equal(carriedOutBy(session, { prefix }, 'stash-vs-s'), said);
  });
}

test('without a holder, the condition about the executor tells, on the session or on its target', () => {
  for (const status of [{ conditions: [ensured] }, { targets: [{ conditions: [ensured] }] }]) {
    assert.equal(carriedOutBy(backupSession(status), { prefix }, 'stash-vs-s'), ensured.message);
  }
});
