/** One part of the table: each row is a test. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, suite, test } from 'node:test';

import { missingKubectl } from '#test/e2e/kubectl.ts';

import type { Row } from './row.ts';
import { openStage } from './stage.ts';

export async function compare(part: string, rows: readonly Row[]): Promise<void> {
  const skip = missingKubectl();
  await suite(`as kubectl: ${part}`, { concurrency: 4, skip }, async () => {
    if (skip !== false) return;
    const stage = await openStage();
    after(() => stage.stop());
    for (const row of rows) {
      test(row.name, { skip: missing(row) }, async () => {
        const theirs = await stage.run('kubectl', row);
        assert.deepEqual(theirs.outcome, row.outcome, `kubectl: ${theirs.said}`);
        const own = await stage.run('ours', row);
        assert.deepEqual(own.outcome, row.ours?.outcome ?? row.outcome, `ours: ${own.said}`);
        if (row.says === undefined) return;
        assert.match(theirs.said, row.says);
        assert.match(own.said, row.says);
      });
    }
  });
}

/** What a row needs of this machine besides kubectl. */
function missing({ needs }: Row): string | false {
  if (needs === undefined) return false;
  const { status } =
    needs === 'unshare' ? spawnSync('unshare', ['--mount', 'true']) : spawnSync('script', ['--version']);
  return status === 0 ? false : `no ${needs} on this machine, or no right to use it`;
}
