import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { backupProgress, backupVerdict } from '#src/domain/backup-progress.ts';
import type { ClaimProgress, Outcome } from '#src/domain/progress.ts';
import { restoreVerdict } from '#src/domain/restore-progress.ts';
import type { ClaimPhase } from '#src/domain/roll-up.ts';
import { verdictError } from '#src/domain/verdict-error.ts';

import { backupSession, restoreSession, target } from './objects.ts';

const rows = (...phases: ClaimPhase[]): ClaimProgress[] =>
  phases.map((phase, index) => ({ claim: `data-${index}`, phase }));
const late = { conditions: [{ type: 'DeadlineExceeded', status: 'True' as const }] };

describe('backupVerdict believes no phase alone', () => {
  const table: [Parameters<typeof backupSession>[0], ClaimPhase[], Outcome | undefined][] = [
    [undefined, ['Running'], undefined],
    [{ phase: 'Running' }, ['Succeeded'], undefined],
    [{ phase: 'Succeeded' }, ['Succeeded', 'Succeeded'], 'succeeded'],
    [{ phase: 'Succeeded' }, [], 'failed'],
    [{ phase: 'Succeeded' }, ['Succeeded', 'Failed'], 'failed'],
    [{ phase: 'Succeeded' }, ['Succeeded', 'Running'], undefined],
    [{ phase: 'Failed' }, ['Failed'], 'failed'],
    [{ phase: 'Failed', ...late }, ['Failed'], 'timed-out'],
    [{ phase: 'Skipped' }, [], 'skipped'],
    [{ phase: 'Unknown' }, ['Succeeded'], 'unknown'],
  ];
  for (const [status, phases, outcome] of table) {
    test(`${status?.phase ?? 'no phase'} with ${phases.join(', ') || 'no claims'}: ${outcome ?? 'go on'}`, () => {
      assert.equal(backupVerdict(backupSession(status), rows(...phases))?.outcome, outcome);
    });
  }
});

describe('restoreVerdict believes claims before the phase', () => {
  const table: [Parameters<typeof restoreSession>[0], ClaimPhase[], Outcome | undefined][] = [
    [{ phase: 'Succeeded' }, ['Succeeded'], 'succeeded'],
    [{ phase: 'Succeeded' }, [], 'failed'],
    [{ phase: 'Succeeded' }, ['Succeeded', 'Pending'], undefined],
    [{ phase: 'Unknown' }, ['Unknown', 'Succeeded'], 'waiting-for-consumer'],
    [{ phase: 'Unknown' }, ['Running'], undefined],
    [{ phase: 'Unknown' }, ['Succeeded'], 'succeeded'],
    [{ phase: 'Failed' }, ['Failed'], 'failed'],
    [{ phase: 'Failed', ...late }, ['Failed'], 'timed-out'],
    [{ phase: 'Invalid' }, [], 'failed'],
  ];
  for (const [status, phases, outcome] of table) {
    test(`${status?.phase ?? ''} with ${phases.join(', ') || 'no claims'}: ${outcome ?? 'go on'}`, () => {
      assert.equal(restoreVerdict(restoreSession(status), rows(...phases))?.outcome, outcome);
    });
  }
});

describe('verdictError', () => {
  const codes: [Outcome, number | undefined][] = [
    ['succeeded', undefined],
    ['failed', 4],
    ['skipped', 4],
    ['unknown', 4],
    ['deleted', 4],
    ['timed-out', 5],
    ['waiting-for-consumer', 6],
  ];
  for (const [outcome, code] of codes) {
    test(`${outcome} exits with ${code ?? 0}`, () => {
      const progress = backupProgress({
        session: backupSession(),
        target,
        claims: rows('Failed'),
        timeoutMs: 1,
      });
      const error = verdictError(progress, { outcome, message: 'why' });
      assert.equal(error?.exitCode, code);
      assert.equal(error === undefined, (error?.hint ?? '') === '', 'an error has a hint');
    });
  }
});
