import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import type { Named, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession } from '#src/api/stash.ts';
import type { BackupWorld } from '#src/domain/backup/backup-claims.ts';
import { decideBackup, decideLeavingBackup } from '#src/domain/backup/decide-backup.ts';
import { hookCondition } from '#src/domain/hooks/hook-step.ts';

import { backupSession, claim, created, snapshot, stored, target } from '#test/domain/objects.ts';

const start = new Date(created);
const timeoutMs = 60_000;
const running = {
  phase: 'Running',
  sessionDeadline: new Date(start.getTime() + timeoutMs).toISOString(),
} as const;

function world(changes: Partial<BackupWorld> = {}): BackupWorld {
  return {
    now: start,
    session: backupSession(running),
    target,
    sessionClaims: ['data-db-0', 'data-db-1'],
    planned: [{ claim: claim('data-db-0'), snapshotClass: 'fast' }, { claim: claim('data-db-1') }],
    snapshots: new Map(),
    refused: new Map(),
    taken: new Set(),
    timeoutMs,
    lost: false,
    failFast: false,
    hooks: undefined,
    maxFreezeMs: 60_000,
    retriesLeft: 0,
    end: undefined,
    onlyThaw: undefined,
    hooksRefused: undefined,
    begun: false,
    leaving: false,
    ...changes,
  };
}

const after = (milliseconds: number) => new Date(start.getTime() + milliseconds);
const ready = { readyToUse: true, restoreSize: '1Gi' };
const broken = { error: { message: 'disk full' } };
const both = (first: VolumeSnapshot['status'], second: VolumeSnapshot['status']) =>
  new Map([
    ['data-db-0', snapshot('data-db-0-1', first)],
    ['data-db-1', snapshot('data-db-1-1', second)],
  ]);

describe('decideBackup', () => {
  const rows: [string, Partial<BackupWorld>, ReturnType<typeof decideBackup>['do']][] = [
    ['a session without a status', { session: backupSession() }, 'start'],
    ['a session with phase Pending', { session: backupSession({ phase: 'Pending' }) }, 'start'],
    ['nothing made yet', {}, 'create'],
    ['one of two made', { snapshots: new Map([['data-db-0', snapshot('a', ready)]]) }, 'create'],
    ['one ready, one cut', { snapshots: both(ready, { creationTime: created }) }, 'wait'],
    ['one with an error that may heal', { snapshots: both(ready, broken) }, 'wait'],
    ['the same with failFast', { snapshots: both(ready, broken), failFast: true }, 'finish'],
    ['the same at the deadline', { snapshots: both(ready, broken), now: after(timeoutMs) }, 'finish'],
    ['all ready', { snapshots: both(ready, ready) }, 'finish'],
    ['nothing made at the deadline', { now: after(timeoutMs) }, 'finish'],
    [
      'all refused',
      {
        refused: new Map([
          ['data-db-0', 'no'],
          ['data-db-1', 'no'],
        ]),
      },
      'finish',
    ],
    ['no claims', { sessionClaims: [], planned: [] }, 'finish'],
    ['a session that ended', { session: backupSession({ ...running, phase: 'Failed' }) }, 'done'],
  ];
  for (const [name, changes, step] of rows) {
    test(`${name}: ${step}`, () => {
      assert.equal(decideBackup(world(changes)).do, step);
    });
  }

  test('creates only what is missing, each with its class', () => {
    const step = decideBackup(world({ snapshots: new Map([['data-db-1', snapshot('b')]]) }));
    assert(step.do === 'create');
    assert.deepEqual(
      step.made.map(({ claim, object }) => [claim, (object as VolumeSnapshot).spec.volumeSnapshotClassName]),
      [['data-db-0', 'fast']],
    );
  });

  test('uses the second name where the first belongs to another session', () => {
    const step = decideBackup(world({ taken: new Set(['data-db-0']) }));
    assert(step.do === 'create');
    const [first, second] = step.made.map(({ object: { metadata } }) => metadata.name);
    assert.equal(second, 'data-db-1-1773457200');
    assert.match(first ?? '', /^data-db-0-1773457200-[0-9a-f]{4}$/);
  });

  test('an existing snapshot counts more than a refusal', () => {
    const step = decideBackup(
      world({ snapshots: both(ready, ready), refused: new Map([['data-db-0', 'gone']]) }),
    );
    assert(step.do === 'finish');
    assert.equal(step.status(undefined).phase, 'Succeeded');
  });

  test('records the outcome of each claim in the status', () => {
    const step = decideBackup(world({ snapshots: both(ready, broken), now: after(timeoutMs) }));
    assert(step.do === 'finish');
    const { phase, conditions, targets } = step.status(undefined);
    assert.equal(phase, 'Failed');
    const stats = targets?.[0]?.stats ?? [];
    assert.deepEqual(
      stats.map((stat) => [stat.hostname, stat.phase, stat.snapshots?.[0]?.name]),
      [
        ['data-db-0', 'Succeeded', 'data-db-0-1'],
        ['data-db-1', 'Failed', 'data-db-1-1'],
      ],
    );
    assert.match(stats[1]?.error ?? '', /disk full/);
    assert.equal(conditions?.[0]?.reason, 'FailedToCompleteWithinDeadline');
  });
});

describe('decideBackup with hooks', () => {
  const handler = { exec: { command: ['true'] } };
  const hooks = { pre: handler, post: handler, adHoc: false };
  /** `undefined`: the executor began the hook and has not recorded its end. */
  const quiesced = (pre: boolean | undefined, post?: boolean): Stored<BackupSession> => {
    const ended = { preBackup: pre, postBackup: post };
    const conditions = Object.entries(ended).flatMap(([hook, ok]) =>
      ok === undefined ? [] : [hookCondition(hook, { ok, message: `${hook} ran` })],
    );
    const session = backupSession({ ...running, targets: [{ conditions }] });
    session.metadata.annotations = { [annotation.quiescedSince]: created };
    return session;
  };
  const first = new Map([['data-db-0', snapshot('data-db-0-1', ready)]]);

  const takeovers: [what: string, Partial<BackupWorld>, which: string][] = [
    ['nothing was created', {}, 'recover'],
    ['one of two was created', { snapshots: first }, 'recover'],
    ['both were created', { snapshots: both(undefined, undefined) }, 'thaw'],
    [
      'both were refused',
      { refused: new Map(['data-db-0', 'data-db-1'].map((name) => [name, 'no'])) },
      'thaw',
    ],
  ];
  for (const [what, changes, which] of takeovers) {
    test(`an executor died in the preBackup hook, ${what}: ${which}`, () => {
      const step = decideBackup(world({ session: quiesced(undefined), hooks, ...changes }));
      assert(step.do === 'hook');
      assert.equal(step.which, which);
    });
  }

  test('an executor that leaves quiesces nothing that it would not use', () => {
    assert.equal(decideLeavingBackup(world({ hooks })), undefined);
  });

  test('an application that was not resumed makes a session fail whose snapshots are ready', () => {
    for (const [session, why] of [
      [quiesced(true, false), undefined],
      [quiesced(false, true), undefined],
      [backupSession(running), 'these hooks are not run here'],
    ] as const) {
      const given = why === undefined ? { hooks } : { hooksRefused: why };
      const step = decideBackup(world({ session, snapshots: both(ready, ready), ...given }));
      assert(step.do === 'finish');
      const { phase, conditions = [] } = step.status(session.status);
      assert.equal(phase, 'Failed');
      assert.deepEqual(
        conditions.map(({ type, message }) => [type, message]),
        why === undefined ? [] : [['BackupDisrupted', why]],
      );
    }
    const good = quiesced(true, true);
    const step = decideBackup(world({ session: good, snapshots: both(ready, ready), hooks }));
    assert(step.do === 'finish');
    assert.equal(step.status(good.status).phase, 'Succeeded');
  });

  test('a session that succeeds does not say that it was disrupted', () => {
    const session = quiesced(true, true);
    const snapshots = both(ready, ready);
    const step = decideBackup(world({ session, snapshots, hooks, onlyThaw: 'the executor was interrupted' }));
    assert(step.do === 'finish');
    const { phase, conditions } = step.status(session.status);
    assert.deepEqual([phase, conditions], ['Succeeded', undefined]);
  });

  test('the driver says too late that it has cut: the snapshot is given up before the application resumes', () => {
    const cutAt = (seconds: number) => ({ ...ready, creationTime: after(seconds * 1000).toISOString() });
    const step = decideBackup(
      world({
        session: quiesced(true),
        hooks,
        now: after(61_000),
        timeoutMs: 600_000,
        snapshots: both(cutAt(60), cutAt(61)),
      }),
    );
    assert(step.do === 'hook' && step.which === 'thaw');
    const stats = step.losses?.(undefined).targets?.[0]?.stats;
    assert.deepEqual(
      stats?.map(({ hostname, phase }) => [hostname, phase]),
      [['data-db-1', 'Failed']],
    );
  });
});

/** A server and a driver that do anything that they may do, in any order, while executors come and go. */
type Happening = 'step' | 'cut' | 'ready' | 'error' | 'tick';

test('in every case a session ends, and Succeeded means that every claim is ready', () => {
  const happening = fc.constantFrom<Happening>(
    'step',
    'step',
    'step',
    'cut',
    'ready',
    'ready',
    'error',
    'tick',
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 }),
      fc.array(fc.tuple(happening, fc.nat()), { maxLength: 60 }),
      fc.boolean(),
      (names, happenings, failFast) => {
        let session: Stored<BackupSession> = backupSession();
        let now = start;
        const made = new Map<string, Stored<VolumeSnapshot>>();
        const look = () =>
          world({
            session,
            now,
            snapshots: made,
            failFast,
            sessionClaims: names,
            planned: names.map((name) => ({ claim: claim(name) })),
          });
        const apply = () => {
          const step = decideBackup(look());
          if (step.do === 'start' || step.do === 'finish') {
            session = { ...session, status: { ...session.status, ...step.status(session.status) } };
          }
          if (step.do === 'create') {
            for (const { claim: name, object } of step.made) {
              assert(!made.has(name), `a second snapshot of ${name}`);
              made.set(name, stored(object as Named<VolumeSnapshot>));
            }
          }
          return step;
        };
        for (const [what, which] of happenings) {
          const [name, object] = [...made][which % Math.max(made.size, 1)] ?? [];
          if (what === 'step') apply();
          else if (what === 'tick') now = new Date(now.getTime() + 5_000);
          else if (name !== undefined && object) {
            if (what === 'cut') object.status = { ...object.status, creationTime: now.toISOString() };
            else if (what === 'ready') object.status = { ...ready, creationTime: now.toISOString() };
            else object.status = { ...object.status, ...broken };
          }
        }
        for (let steps = 0; apply().do !== 'done'; steps += 1) {
          assert(steps < 10, 'it never ends');
          now = new Date(now.getTime() + timeoutMs / 2);
        }
        const good = [...made.values()].filter(({ status }) => status?.readyToUse === true);
        const phase = session.status?.phase;
        assert(phase === 'Failed' || phase === 'Succeeded');
        if (good.length < names.length) assert.equal(phase, 'Failed');
        const stats = session.status?.targets?.[0]?.stats ?? [];
        assert.deepEqual(
          stats.map(({ hostname }) => hostname),
          names,
        );
      },
    ),
  );
});
