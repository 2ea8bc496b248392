/** What becomes of a restore, and in which words; `verdicts.test.ts` compares it with that of a backup. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { restoreVerdict } from '#src/domain/restore/restore-verdict.ts';
import type { ClaimProgress, Verdict } from '#src/domain/session/progress.ts';

import { restoreSession } from '#test/domain/objects.ts';

type Status = Parameters<typeof restoreSession>[0];

const bound = (claim: string): ClaimProgress => ({ claim, phase: 'Succeeded' });
const pending: ClaimProgress = { claim: 'a', phase: 'Pending', message: 'not created yet' };
const running: ClaimProgress = { claim: 'a', phase: 'Running', message: 'disk almost full' };
const full: ClaimProgress = { claim: 'b', phase: 'Failed', message: 'disk full' };
const unused: ClaimProgress = { claim: 'c', phase: 'Unknown', message: 'no pod uses it' };

const ok = (message: string): Verdict => ({ outcome: 'succeeded', message });
const failed = (message: string): Verdict => ({ outcome: 'failed', message });
const culprit = 'restoresession/restore-sts-db-1773457200';
const bySession = (message: string): Verdict => ({ ...failed(message), culprit });

const hook = (name: string, status: 'True' | 'False') => ({
  ...{ type: `${name}HookExecutionSucceeded`, status, message: `${name} hook ended` },
});
const because = (...conditions: NonNullable<NonNullable<Status>['conditions']>): Status => ({
  phase: 'Failed',
  conditions,
});
const target = { type: 'RestoreTargetFound', status: 'False' } as const;
const lost = [
  { hostname: 'x', phase: 'Succeeded' as const },
  { hostname: 'y', phase: 'Failed' as const, error: 'lost its volume' },
];

const rows: [what: string, Status, ClaimProgress[], Verdict | undefined][] = [
  ['no phase yet', undefined, [running], undefined],
  ['no phase yet, one not created', undefined, [bound('b'), pending], undefined],
  [
    'no phase, and nothing to restore',
    undefined,
    [],
    failed('its phase is empty, but no claim was restored'),
  ],
  [
    'nothing to restore',
    { phase: 'Succeeded' },
    [],
    failed('its phase is Succeeded, but no claim was restored'),
  ],
  [
    'nothing restored',
    { phase: 'Succeeded' },
    [pending],
    failed('its phase is Succeeded, but no claim was restored'),
  ],
  [
    'a claim of its status that is not observed yet',
    { phase: 'Succeeded', stats: lost },
    [pending],
    undefined,
  ],
  ['nothing created yet', { phase: 'Running' }, [pending], undefined],
  ['one bound, one not observed yet', { phase: 'Succeeded' }, [bound('b'), pending], undefined],
  ['one bound', { phase: 'Running' }, [bound('a')], ok('its claim is bound: a')],
  ['two bound', { phase: 'Running' }, [bound('a'), bound('b')], ok('all 2 claims are bound: a, b')],
  ['one failed, one still runs', { phase: 'Running' }, [running, full], failed('b: disk full')],
  [
    'one bound, one that waits for a pod',
    { phase: 'Unknown' },
    [bound('a'), unused],
    { outcome: 'waiting-for-consumer', message: 'c: no pod uses it' },
  ],
  ['failed: by its claims', { phase: 'Failed' }, [bound('a'), running, full], failed('b: disk full')],
  [
    'failed: by a hook before them',
    because(hook('PreRestore', 'False')),
    [full],
    bySession('PreRestore hook ended'),
  ],
  [
    'failed: by a hook after them',
    because(hook('PreRestore', 'True'), hook('PostRestore', 'False')),
    [bound('a'), full],
    bySession('PostRestore hook ended; b: disk full'),
  ],
  [
    'failed: by a hook after claims that are bound',
    because(hook('PostRestore', 'False')),
    [bound('a')],
    bySession('PostRestore hook ended'),
  ],
  [
    'failed: a claim that its status tells of',
    { phase: 'Failed', stats: lost },
    [],
    failed('y: lost its volume'),
  ],
  [
    'failed: a claim of its status without a name',
    { phase: 'Failed', stats: [{ error: 'lost its volume' }] },
    [],
    failed('a claim: lost its volume'),
  ],
  [
    'failed: a message of its conditions',
    because(
      { type: 'x', status: 'True' },
      { ...target, message: 'no such workload', reason: 'TargetNotAvailable' },
    ),
    [bound('a')],
    bySession('no such workload'),
  ],
  [
    'failed: a reason of its conditions',
    because({ ...target, reason: 'TargetNotAvailable' }),
    [],
    bySession('TargetNotAvailable'),
  ],
  [
    'failed: late',
    because({
      type: 'DeadlineExceeded',
      status: 'True',
      reason: 'FailedToComplete',
      message: 'not done in 1m',
    }),
    [],
    { outcome: 'timed-out', message: 'not done in 1m', culprit },
  ],
  [
    'failed: for no reason',
    { phase: 'Failed', stats: [] },
    [],
    bySession('no reason is given in its status'),
  ],
  ['invalid', { phase: 'Invalid' }, [bound('a')], bySession('no reason is given in its status')],
];

for (const [what, status, claims, verdict] of rows)
  test(`${what}: ${verdict ? `${verdict.outcome}, ${verdict.message}` : 'go on'}`, () => {
    assert.deepEqual(restoreVerdict(restoreSession(status), claims), verdict);
  });
