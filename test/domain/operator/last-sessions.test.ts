/** What the last sessions of a configuration tell: by table. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hookExecutionCondition, stashCondition } from '#src/api/conditions.ts';
import type { Condition, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession, BackupSessionPhase } from '#src/api/stash.ts';
import { lastSessions, quiesced, type LastSessions } from '#src/domain/operator/last-sessions.ts';

interface Made {
  readonly phase?: BackupSessionPhase;
  readonly conditions?: Condition[];
  readonly since?: string;
  readonly until?: string;
  readonly post?: Condition;
}

const time = (seconds: number) => new Date(Date.UTC(2026, 2, 14, 3, 0, seconds)).toISOString();

function session(age: number, { phase, conditions, since, until, post }: Made): Stored<BackupSession> {
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: {
      ...{ name: `s-${age}`, namespace: 'demo', uid: `s-${age}`, resourceVersion: '1' },
      creationTimestamp: time(-age),
      annotations: {
        ...(since !== undefined && { [annotation.quiescedSince]: since }),
        ...(until !== undefined && { [annotation.quiescedUntil]: until }),
      },
    },
    spec: { invoker: { kind: 'BackupConfiguration', name: 'db' } },
    ...((phase ?? conditions ?? post) && {
      status: {
        ...(phase && { phase }),
        ...(conditions && { conditions }),
        ...(post && { targets: [{ conditions: [post] }] }),
      },
    }),
  };
}

const { retentionApplied, retentionNotApplied } = stashCondition;
const post = (ok: boolean, at?: number): Condition => ({
  ...hookExecutionCondition('postBackup', ok),
  ...(at !== undefined && { lastTransitionTime: time(at) }),
});
const nothing: LastSessions = { failed: undefined, retentionFailed: undefined, quiescedMs: undefined };
const quiet = { since: time(0), until: time(60) };

const cases: readonly [what: string, newestFirst: readonly Made[], expected: Partial<LastSessions>][] = [
  ['no session', [], {}],
  ['none has ended', [{ phase: 'Running' }, {}], {}],
  ['the newest has failed', [{ phase: 'Failed' }, { phase: 'Succeeded' }], { failed: true }],
  ['the newest has succeeded', [{ phase: 'Succeeded' }, { phase: 'Failed' }], { failed: false }],
  ['a skipped session tells nothing', [{ phase: 'Skipped' }, { phase: 'Failed' }], { failed: true }],
  ['the newest still runs', [{ phase: 'Running' }, { phase: 'Failed' }], { failed: true }],
  [
    'only a success applies retention',
    [
      { phase: 'Failed' },
      { phase: 'Succeeded', conditions: [retentionNotApplied] },
      { phase: 'Succeeded', conditions: [retentionApplied] },
    ],
    { failed: true, retentionFailed: true },
  ],
  [
    'retention works again',
    [{ conditions: [retentionApplied] }, { conditions: [retentionNotApplied] }],
    { retentionFailed: false },
  ],
  ['the newest is not resumed yet', [quiet, { ...quiet, post: post(true, 7) }], { quiescedMs: 7_000 }],
  ['a hook that failed resumed nothing', [{ ...quiet, post: post(false, 7) }], {}],
  ['the condition has no time', [{ ...quiet, post: post(true) }], {}],
  ['clocks differ', [{ ...quiet, post: post(true, -3) }], { quiescedMs: 0 }],
  ['no preBackup hook began', [{ until: time(60), post: post(true, 7) }], {}],
  ['a postBackup hook that resumes nothing', [{ since: time(0), post: post(true, 7) }], {}],
];

for (const [what, newestFirst, expected] of cases) {
  test(what, () => {
    const sessions = newestFirst.map((made, index) => session(index, made));
    for (const order of [sessions, sessions.toReversed()])
      assert.deepEqual(lastSessions(order), { ...nothing, ...expected });
  });
}

test('an application is quiesced until the hook that resumes it has succeeded', () => {
  const dates = { since: new Date(quiet.since), until: new Date(quiet.until) };
  const rows: readonly [Made, boolean][] = [
    [{}, false],
    [quiet, true],
    [{ ...quiet, phase: 'Failed', post: post(false, 7) }, true],
    [{ ...quiet, post: post(true, 7) }, false],
    [{ since: quiet.since }, false],
    [{ until: quiet.until }, false],
  ];
  for (const [made, is] of rows) assert.deepEqual(quiesced(session(0, made)), is ? dates : undefined);
});
