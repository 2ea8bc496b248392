import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration, BackupSession, BackupSessionPhase } from '#src/api/stash.ts';
import { historyLimit, sessionsToForget } from '#src/domain/retention/history.ts';
import { isFinal } from '#src/domain/session/session-status.ts';

import { at, backupSession } from '#test/domain/restore-point-objects.ts';

const invoker = { name: 'deploy-foo', namespace: 'demo' };

function session(
  name: string,
  phase: BackupSessionPhase | undefined,
  created: number,
  status: BackupSession['status'] = {},
): Stored<BackupSession> {
  const made = backupSession(name, phase, { created: at(created) });
  return { ...made, status: { ...made.status, ...status } };
}

function forgotten(
  sessions: readonly Stored<BackupSession>[],
  limit: number,
  ended = sessions.at(-1)?.metadata.name ?? '',
): string[] {
  return sessionsToForget({ invoker, sessions, limit, ended }).map(({ metadata }) => metadata.name);
}

const four = [
  session('s-1', 'Succeeded', 1),
  session('s-2', 'Failed', 2),
  session('s-3', 'Skipped', 3),
  session('s-4', 'Succeeded', 4),
];

for (const [limit, expected] of [
  [1, ['s-1', 's-2', 's-3']],
  [3, ['s-1']],
  [4, []],
  [9, []],
  // The session that has just ended is kept whatever the limit.
  [0, ['s-1', 's-2', 's-3']],
  [-2, ['s-1', 's-2', 's-3']],
] as const) {
  test(`a limit of ${limit} deletes, oldest first: ${expected.join(' ') || 'none'}`, () => {
    assert.deepEqual(forgotten(four, limit), expected);
    assert.deepEqual(forgotten(four.toReversed(), limit, 's-4'), expected);
  });
}

test('a configuration keeps one final session unless it says how many', () => {
  const limitOf = (more: object) => historyLimit({ spec: { ...more } } as unknown as BackupConfiguration);
  assert.equal(limitOf({}), 1);
  assert.equal(limitOf({ backupHistoryLimit: 0 }), 0);
  assert.equal(limitOf({ backupHistoryLimit: 7 }), 7);
});

test('the session that has just ended is kept even if there are newer ones', () => {
  assert.deepEqual(forgotten(four, 1, 's-2'), ['s-1', 's-3']);
});

test('within the same second, the last name is the newest', () => {
  const twins = [session('s-1', 'Succeeded', 1), session('s-2', 'Succeeded', 1)];
  assert.deepEqual(forgotten(twins, 1, 's-9'), ['s-1']);
  assert.deepEqual(forgotten(twins.toReversed(), 1, 's-9'), ['s-1']);
});

test('unfinished sessions are kept and do not count', () => {
  const running = [session('s-5', 'Running', 5), session('s-6', undefined, 6), session('s-7', 'Pending', 7)];
  assert.deepEqual(forgotten([...four, ...running], 2, 's-4'), ['s-1', 's-2']);
});

test('a failed session that awaits its retry is kept until then', () => {
  const waiting = session('s-2', 'Failed', 2, { nextRetry: at(100) });
  const retried = session('s-2', 'Failed', 2, { nextRetry: at(100), retried: true });
  assert.deepEqual(forgotten([waiting, ...four.slice(3)], 1), []);
  assert.deepEqual(forgotten([retried, ...four.slice(3)], 1), ['s-2']);
  // Only a Failed session is retried, whatever an older version left in its status.
  const succeeded = session('s-2', 'Succeeded', 2, { nextRetry: at(100) });
  assert.deepEqual(forgotten([succeeded, ...four.slice(3)], 1), ['s-2']);
});

test("another invoker's sessions, and those that are being deleted, are ignored", () => {
  const [one] = four;
  assert.ok(one);
  const others = [
    { ...one, spec: { invoker: { ...one.spec.invoker, name: 'nightly' } } },
    { ...one, spec: { invoker: { ...one.spec.invoker, kind: 'BackupBatch' } } },
    { ...one, metadata: { ...one.metadata, namespace: 'prod' } },
    { ...one, metadata: { ...one.metadata, deletionTimestamp: at(9) } },
  ];
  assert.deepEqual(forgotten([...others, session('s-9', 'Succeeded', 9)], 1), []);
});

test('for any sessions: only final ones are deleted, the newest are kept, and a repeat deletes none', () => {
  const phase = fc.constantFrom('Succeeded', 'Failed', 'Skipped', 'Unknown', 'Running', 'Pending', undefined);
  const some = fc.array(fc.record({ phase, created: fc.nat(5), waits: fc.boolean() }), { maxLength: 10 });
  fc.assert(
    fc.property(some, fc.integer({ min: -1, max: 4 }), fc.nat(9), (all, limit, which) => {
      const sessions = all.map(({ phase, created, waits }, index) =>
        session(`s-${index}`, phase, created, waits ? { nextRetry: at(9) } : {}),
      );
      const ended = `s-${which}`;
      const goes = new Set(forgotten(sessions, limit, ended));
      for (const it of sessions.filter(({ metadata }) => goes.has(metadata.name))) {
        assert.ok(isFinal(it));
        assert.notEqual(it.metadata.name, ended);
        assert.ok(!(it.status?.phase === 'Failed' && it.status.nextRetry !== undefined));
      }
      const left = sessions.filter(({ metadata }) => !goes.has(metadata.name));
      assert.ok(left.filter(isFinal).length >= Math.min(Math.max(0, limit), sessions.filter(isFinal).length));
      assert.deepEqual(forgotten(left, limit, ended), []);
    }),
  );
});
