import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { backupVerdict } from '#src/domain/backup/backup-verdict.ts';
import {
  describe as describeClaims,
  pendingClaims,
  type ClaimProgress,
  type Outcome,
} from '#src/domain/session/progress.ts';
import { restoreVerdict } from '#src/domain/restore/restore-verdict.ts';
import type { ClaimPhase } from '#src/domain/session/roll-up.ts';
import { sessionProgress } from '#src/domain/session/session-progress.ts';
import { verdictError } from '#src/domain/session/verdict-error.ts';
import { backup as backupKind } from '#src/session/kinds/backup.ts';
import { restore as restoreKind } from '#src/session/kinds/restore.ts';

import { backupSession, restoreSession, target } from '#test/domain/objects.ts';

const rows = (...phases: ClaimPhase[]): ClaimProgress[] =>
  phases.map((phase, index) => ({ claim: `data-${index}`, phase }));
const late = { conditions: [{ type: 'DeadlineExceeded', status: 'True' as const }] };

describe('backupVerdict does not rely on the phase alone', () => {
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

describe('the words of backupVerdict', () => {
  type Status = Parameters<typeof backupSession>[0];
  const full: ClaimProgress = { claim: 'a', phase: 'Failed', message: 'disk full' };
  const slow: ClaimProgress = { claim: 'b', phase: 'Running', message: 'not cut' };
  const [ready] = rows('Succeeded') as [ClaimProgress];
  const hook = (name: string, status: 'True' | 'False') => ({
    ...{ type: `${name}HookExecutionSucceeded`, status, message: `${name} hook ended` },
  });
  const failed = (...conditions: ReturnType<typeof hook>[]): Status => ({
    ...{ phase: 'Failed', targets: [{}, { conditions }] },
  });
  const stats = [
    { hostname: 'a', error: 'cut too late' },
    { hostname: 'b' },
    { hostname: 'c', error: 'gone' },
  ];
  const listed = { phase: 'Succeeded' as const, targets: [{}, { stats: stats.slice(1, 2) }] };
  const skipped = { type: 'BackupSkipped', status: 'True' as const, message: 'it is paused' };
  const none = { type: 'BackupDisrupted', status: 'False' as const };
  const table: [what: string, Status, ClaimProgress[], string | undefined][] = [
    ['one ready', { phase: 'Succeeded' }, [ready], 'its snapshot is ready'],
    ['two ready', { phase: 'Succeeded' }, [ready, ready], 'all 2 snapshots are ready'],
    ['none at all', { phase: 'Succeeded' }, [], 'its phase is Succeeded, but no claim was snapshotted'],
    [
      'none was taken',
      { phase: 'Succeeded', targets: [{}] },
      rows('Pending'),
      'its phase is Succeeded, but no claim was snapshotted',
    ],
    ['not observed yet', listed, rows('Pending'), undefined],
    ['one failed', { phase: 'Succeeded' }, [ready, full], 'its phase is Succeeded, but a: disk full'],
    ['skipped', { phase: 'Skipped', conditions: [skipped] }, [], 'it is paused'],
    ['skipped silently', { phase: 'Skipped' }, [], 'the operator skipped it and gave no reason'],
    ['preBackup failed', failed(hook('PreBackup', 'False')), [full], 'PreBackup hook ended'],
    [
      'postBackup failed',
      failed(hook('PreBackup', 'True'), hook('PostBackup', 'False')),
      [ready, full],
      'PostBackup hook ended; a: disk full',
    ],
    ['postBackup failed, all ready', failed(hook('PostBackup', 'False')), [ready], 'PostBackup hook ended'],
    ['a claim failed', { phase: 'Failed' }, [ready, full, slow], 'a: disk full; b: not cut'],
    [
      'lost in the status',
      { phase: 'Failed', targets: [{}, { stats }] },
      [ready],
      'a: cut too late; c: gone',
    ],
    [
      'a reason alone',
      { phase: 'Failed', conditions: [{ ...none, reason: 'FailedSomehow' }] },
      [ready],
      'FailedSomehow',
    ],
    [
      'a reason of the target',
      { phase: 'Failed', targets: [{ conditions: [{ ...none, message: 'its pod is gone' }] }] },
      [slow],
      'its pod is gone; b: not cut',
    ],
    ['no reason', { phase: 'Failed' }, [ready], 'no reason is given in its status'],
    [
      'about retention only',
      { phase: 'Failed', conditions: [{ ...none, type: 'RetentionPolicyApplied', message: 'no' }] },
      [ready],
      'no reason is given in its status',
    ],
  ];
  for (const [what, status, claims, message] of table)
    test(`${what}: ${message ?? 'go on'}`, () => {
      assert.equal(backupVerdict(backupSession(status), claims)?.message, message);
    });

  test('an unfinished session has none', () => {
    for (const phase of ['Pending', 'Running'] as const)
      assert.equal(backupVerdict(backupSession({ phase }), [ready]), undefined);
    assert.equal(backupVerdict(backupSession(), [ready]), undefined);
  });
});

describe("a reason in the session's conditions", () => {
  const pending = rows('Pending', 'Pending').map((row) => ({ ...row, message: 'not created yet' }));
  const condition = (type: string, reason: string, message: string) => ({
    phase: 'Failed' as const,
    conditions: [{ type, status: 'True' as const, reason, message }],
  });
  const disrupted = condition('BackupDisrupted', 'FailedToCompleteDueToDisruption', 'job j was deleted');
  const overdue = condition('DeadlineExceeded', 'FailedToCompleteWithinDeadline', 'no executor started it');

  test('stands in for claims without a message', () => {
    assert.equal(backupVerdict(backupSession(disrupted), pending)?.message, 'job j was deleted');
    const late = backupVerdict(backupSession(overdue), pending);
    assert.deepEqual([late?.outcome, late?.message], ['timed-out', 'no executor started it']);
    const restore = restoreVerdict(restoreSession(overdue), pending);
    assert.deepEqual([restore?.outcome, restore?.message], ['timed-out', 'no executor started it']);
  });

  test("is shown beside a claim's message, and not twice", () => {
    const given: ClaimProgress = { claim: 'data-1', phase: 'Failed', message: 'disk full' };
    const verdict = backupVerdict(backupSession(disrupted), [...pending.slice(0, 1), given]);
    assert.equal(verdict?.message, 'job j was deleted; data-1: disk full');
    const all = rows('Failed').map((row) => ({ ...row, message: 'job j was deleted' }));
    assert.equal(backupVerdict(backupSession(disrupted), all)?.message, 'data-0: job j was deleted');
  });

  test('makes the hint name the session, not a claim', () => {
    const session = backupSession(disrupted);
    const progress = sessionProgress(backupKind, { session, target, claims: pending, timeoutMs: 1 });
    assert(progress.verdict);
    assert.equal(
      verdictError(progress, progress.verdict)?.hint,
      'kubectl describe backupsession/sts-db-1773457200 -n demo',
    );
  });
});

describe('a hook that failed', () => {
  const words = 'preBackup hook failed in pod db-0: exit code 1';
  const failed = (hook: string) => ({
    type: `${hook}HookExecutionSucceeded`,
    status: 'False' as const,
    message: words,
  });

  test('makes the hint name the session', () => {
    const session = backupSession({
      phase: 'Failed',
      targets: [{ phase: 'Failed', conditions: [failed('PreBackup')] }],
    });
    const backup = sessionProgress(backupKind, { session, target, claims: rows('Failed'), timeoutMs: 1 });
    assert(backup.verdict);
    const error = verdictError(backup, backup.verdict);
    assert.equal(error?.hint, 'kubectl describe backupsession/sts-db-1773457200 -n demo');
    const restored = restoreSession({ phase: 'Failed', conditions: [failed('PreRestore')] });
    const restore = sessionProgress(restoreKind, {
      session: restored,
      target,
      claims: rows('Failed'),
      timeoutMs: 1,
    });
    assert(restore.verdict);
    assert.equal(
      verdictError(restore, restore.verdict)?.hint,
      'kubectl describe restoresession/restore-sts-db-1773457200 -n demo',
    );
  });
});

describe('restoreVerdict goes by the claims before the phase', () => {
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
  test('a claim that was not created is not described, but its session', () => {
    const hintOf = (startedAt: Date | undefined) => {
      const progress = sessionProgress(restoreKind, {
        session: restoreSession({ phase: 'Failed' }),
        ...{ target, claims: [{ claim: 'data-0', phase: 'Failed' as const, startedAt }], timeoutMs: 1 },
      });
      return verdictError(progress, { outcome: 'failed', message: 'why' })?.hint;
    };
    assert.equal(hintOf(undefined), 'kubectl describe restoresession/restore-sts-db-1773457200 -n demo');
    assert.equal(hintOf(new Date(0)), 'kubectl describe persistentvolumeclaim data-0 -n demo');
  });

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
      const progress = sessionProgress(backupKind, {
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

describe('what verdictError says', () => {
  const of = (
    outcome: Outcome,
    { claims = [], ...more }: { claims?: ClaimProgress[]; culprit?: string; target?: undefined } = {},
  ) => {
    const session = backupSession({ phase: 'Running' });
    const goal = 'target' in more ? undefined : target;
    const progress = sessionProgress(backupKind, { session, target: goal, claims, timeoutMs: 1 });
    const { culprit } = more;
    const error = verdictError(progress, { outcome, message: 'the\nreason', ...(culprit && { culprit }) });
    return [error?.message, error?.hint];
  };
  const name = 'backupsession/sts-db-1773457200';
  const taken: ClaimProgress[] = [
    { claim: 'a', phase: 'Succeeded', snapshot: 'a-1' },
    { claim: 'b', phase: 'Failed', snapshot: 'b-1' },
    { claim: 'c', phase: 'Failed' },
  ];
  const waiting = rows('Unknown', 'Succeeded', 'Unknown');
  const session = `kubectl describe ${name} -n demo`;
  const table: [what: string, Parameters<typeof of>, said: string, hint: string][] = [
    ['a claim', ['failed', { claims: taken }], 'failed', 'kubectl describe volumesnapshot b-1 -n demo'],
    [
      'a claim, late',
      ['timed-out', { claims: taken }],
      'timed out',
      'kubectl describe volumesnapshot b-1 -n demo',
    ],
    ['no claim', ['failed', { claims: taken.slice(0, 1) }], 'failed', session],
    [
      'the culprit',
      ['failed', { claims: taken, culprit: 'job/j' }],
      'failed',
      'kubectl describe job/j -n demo',
    ],
    ['skipped', ['skipped', { claims: taken }], 'was skipped', session],
    ['unknown', ['unknown', { claims: taken }], 'ended Unknown', session],
    ['deleted', ['deleted'], 'is gone', 'kubectl stash list statefulset/db -n demo'],
    [
      'deleted, of no target',
      ['deleted', { target: undefined }],
      'is gone',
      'kubectl stash list TYPE/NAME -n demo',
    ],
    [
      'waiting',
      ['waiting-for-consumer', { claims: waiting }],
      'is waiting',
      'start a pod that uses claim data-0, data-2, then:\nkubectl stash wait sts-db-1773457200 -n demo',
    ],
  ];
  for (const [what, asked, said, hint] of table)
    test(`${what}: one line, and what to do next`, () => {
      assert.deepEqual(of(...asked), [`${name} ${said}: the reason`, hint]);
    });
});

describe('the progress of a session', () => {
  const of = (status: Parameters<typeof backupSession>[0]) =>
    sessionProgress(backupKind, { session: backupSession(status), target, claims: [], timeoutMs: 60_000 });

  test('has the deadline that its executor wrote, else the one that its time limit gives it', () => {
    const { startedAt, deadline, notes } = of(undefined);
    assert.equal(deadline.getTime() - startedAt.getTime(), 60_000);
    assert.deepEqual(notes, []);
    const sessionDeadline = '2026-03-14T03:30:00.000Z';
    assert.equal(of({ phase: 'Running', sessionDeadline }).deadline.toISOString(), sessionDeadline);
  });

  test('names each cause once, with its claims, and the phase where no cause is known', () => {
    const full = { message: 'disk full', phase: 'Failed' as const };
    const claims: ClaimProgress[] = [
      { claim: 'a', ...full },
      { claim: 'b', phase: 'Running' },
      { claim: 'c', ...full },
    ];
    assert.equal(describeClaims(claims), 'a, c: disk full; b: running');
    assert.deepEqual(pendingClaims([...claims, ...rows('Pending', 'Succeeded')]), new Set(['data-0']));
  });
});
