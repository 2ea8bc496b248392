import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Condition } from '#src/api/kubernetes.ts';
import { interruption } from '#src/domain/in-place/interrupted.ts';
import {
  decideRestoreSession,
  type RestoreSessionAction,
  type RestoreSessionWorld,
} from '#src/domain/operator/decide-restore-session.ts';
import { keepRestoreSession } from '#src/domain/operator/kept-object.ts';
import { sight } from '#src/domain/session/holder.ts';
import { inPlaceSession, type InPlaceChanges } from '#test/domain/in-place/in-place-session.ts';
import { stored } from '#test/domain/objects.ts';

import { at, job, jobName } from './session-worlds.ts';

interface Seen extends InPlaceChanges {
  /** The message of condition `SwapInterrupted`, True; `own`: the one about the present holder. */
  readonly told?: string;
  readonly heldSince?: number;
  readonly now?: number;
}

function world({ told, heldSince = 0, now = 30, ...changes }: Seen): RestoreSessionWorld {
  const made = stored(inPlaceSession(changes));
  const interrupted = interruption(made);
  const message = told === 'own' ? interrupted.message : (told ?? '');
  const conditions: Condition[] = [
    ...made.status.conditions,
    ...(told === undefined ? [] : [{ ...interrupted, message }]),
  ];
  const session = keepRestoreSession({ ...made, status: { ...made.status, conditions } });
  return {
    ...{ now: at(now), session, jobName, job: undefined, pods: [], runSessions: 'in-process', here: 'no' },
    ...{ ensured: false, quietSince: undefined, maxFreezeMs: 60_000, isThere: () => true },
    sighting: sight(undefined, session, at(heldSince)),
  };
}

function words(action: RestoreSessionAction): string {
  switch (action.do) {
    case 'wait':
      return action.until ? `wait until ${(action.until.getTime() - at(0).getTime()) / 1_000}` : 'wait';
    case 'tell-swap':
      return `${action.news.reason}: ${action.news.message.split(';')[0] ?? ''}`;
    case 'tell-stalled':
      return `stalled: ${action.message.split(';')[0] ?? ''}`;
    case 'ignore':
    case 'invalid':
    case 'tell-target':
    case 'remove-files':
    case 'ensure-job':
    case 'run':
    case 'give-back':
    case 'thaw':
    case 'stop-executor':
    case 'end':
      return action.do;
  }
}

const stopped = { record: { stopping: true }, holder: 'cli-1 7' };
const dead = 'the workload may be stopped: cli-1 has shown no sign of life since its renewal 7';

const rows: readonly [string, Seen, string][] = [
  ['is alive', { ...stopped, now: 29 }, 'wait until 30'],
  ['is dead', stopped, `ExecutorDied: ${dead}`],
  ['was seen by an earlier leader to be dead', { ...stopped, told: 'own', heldSince: 29 }, 'wait'],
  ['is still dead', { ...stopped, told: 'own', now: 9_000 }, 'wait'],
  ['lives again', { ...stopped, told: 'cli-1, 6', heldSince: 29 }, 'ExecutorResumed: cli-1 goes on with it'],
  ['has died again', { ...stopped, told: 'cli-1, 6' }, `ExecutorDied: ${dead}`],
  ['has just given it back', { ...stopped, holder: '', now: 29 }, 'wait until 30'],
  [
    'has just given it back after an interruption',
    { ...stopped, holder: '', told: 'x', now: 29 },
    'wait until 30',
  ],
  [
    'has given it back',
    { ...stopped, holder: '' },
    'ExecutorDied: the workload may be stopped: no command line goes on with the restore in place',
  ],
  ['is dead, and nothing was stopped', { holder: 'cli-1 7' }, `stalled: ${dead.replace('may be', 'is not')}`],
  [
    'has started the workload after an interruption',
    { ...stopped, conditions: ['workloadStarted'], told: 'own' },
    'ExecutorResumed: the workload has been started',
  ],
  ['has ended it', { ...stopped, conditions: ['restoreCompleted'] }, 'wait'],
  [
    'has ended it after an interruption',
    { ...stopped, conditions: ['restoreCompleted'], told: 'own' },
    'ExecutorResumed: the session has ended',
  ],
  [
    'is dead, and its record is too large to be kept',
    { ...stopped, conditions: ['volumesKept'], metadata: { labels: { a: 'x'.repeat(40_000) } } },
    `ExecutorDied: ${dead}`,
  ],
  ['is being deleted with it', { ...stopped, metadata: { deletionTimestamp: 'x' } }, 'ignore'],
];

for (const [name, seen, expected] of rows) {
  test(`a restore in place whose command line ${name}`, () => {
    assert.equal(words(decideRestoreSession(world(seen))), expected);
  });
}

test('no state of a restore in place makes the operator carry it out or end it', () => {
  const states = fc.record({
    record: fc.constantFrom(
      {},
      { stopping: true },
      { stop: 'gate' as const, stopping: true },
      { abandoned: true },
    ),
    phase: fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown', 'Invalid'),
    conditions: fc.subarray(['volumesKept', 'workloadStopped', 'claimsSwapped', 'restoreCompleted'] as const),
    holder: fc.constantFrom('', 'cli-1 2'),
    told: fc.constantFrom('own', 'x'),
    now: fc.integer({ min: 0, max: 100_000 }),
    target: fc.constant({ kind: 'Deployment', name: 'absent', namespace: 'demo' } as const),
  });
  const around = fc.record({
    runSessions: fc.constantFrom('in-jobs' as const, 'in-process' as const),
    job: fc.constantFrom(undefined, job(), job({ type: 'Failed' })),
    ensured: fc.boolean(),
  });
  fc.assert(
    fc.property(states, around, (state, others) => {
      const action = decideRestoreSession({ ...world(state), ...others });
      assert.ok(['wait', 'tell-swap', 'tell-stalled'].includes(action.do), action.do);
    }),
  );
});
