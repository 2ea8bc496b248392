/** What each check prints if something is amiss, and that no check breaks on objects that lack everything. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Check } from '#src/domain/checks/check.ts';
import { examineCluster, examineNamespace, type Diagnosis } from '#src/domain/checks/examine.ts';
import { checks } from '#src/domain/checks/index.ts';
import { findingTable } from '#src/report/findings.ts';
import { matchGolden } from '#test/support/golden.ts';

import { facts, subject } from './facts.ts';
import { ills, type Ill } from './ills.ts';

function examine(
  run: readonly Check[],
  { changes = {}, configuration, subject: one = {} }: Ill,
): Diagnosis[] {
  const backupconfigurations = configuration
    ? [configuration]
    : (changes.lists?.['backupconfigurations'] ?? []);
  const seen = facts({ ...changes, lists: { ...changes.lists, backupconfigurations } });
  const cluster = examineCluster(run, { ...seen, namespace: undefined });
  return [
    ...cluster.diagnoses,
    ...examineNamespace(run, seen, [subject({ configuration, ...one })], cluster),
  ];
}

describe('each check', () => {
  for (const check of checks) {
    test(check.name, () => {
      const ill = ills[check.name];
      assert.ok(ill, 'it has a fixture');
      const found = examine([check], ill);
      assert.ok(found.some(({ level }) => level !== 'ok'));
      matchGolden(`checks/${check.name}`, findingTable(found));
    });
  }
});
