import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import type { Named, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { backupClaims, freezeEnd, isCut, type BackupWorld } from '#src/domain/backup/backup-claims.ts';
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
    ['a session that runs without a deadline', { session: backupSession({ phase: 'Running' }) }, 'start'],
    [
      'a session with a deadline that does not run',
      { session: backupSession({ ...running, phase: 'Pending' }) },
      'start',
    ],
    ['nothing made yet, and the executor leaves', { leaving: true }, 'done'],
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

describe('how long an executor waits', () => {
  const hooks = { pre: { exec: { command: ['a'] } }, post: { exec: { command: ['b'] } }, adHoc: false };
  const untilOf = (changes: Partial<BackupWorld>) => {
    const step = decideBackup(world({ snapshots: both(undefined, undefined), ...changes }));
    return step.do === 'wait' ? step.until : assert.fail(step.do);
  };
  const quiet = (freezeMs: number) => {
    const conditions = [hookCondition('preBackup', { ok: true, message: 'ran' })];
    const session = backupSession({ ...running, targets: [{ conditions }] });
    session.metadata.annotations = { [annotation.quiescedSince]: created };
    return { session, hooks, maxFreezeMs: freezeMs };
  };
  test('until the deadline, and longer while the watch is disconnected', () => {
    assert.deepEqual(untilOf({}), after(timeoutMs));
    assert.deepEqual(untilOf({ lost: true }), after(timeoutMs + 15_000));
    assert.deepEqual(untilOf({ lost: true, now: after(timeoutMs + 1) }), after(timeoutMs + 15_000));
  });
  test('until the application has been quiesced for as long as it may be, where that comes first', () => {
    assert.deepEqual(untilOf(quiet(5_000)), after(5_000));
    assert.deepEqual(untilOf(quiet(timeoutMs + 5_000)), after(timeoutMs));
    const step = decideBackup(
      world({ snapshots: both(undefined, undefined), ...quiet(5_000), now: after(5_000) }),
    );
    assert(step.do === 'hook');
    const stats = step.losses?.(undefined).targets?.[0]?.stats;
    assert.deepEqual(
      stats?.map(({ error }) => error),
      Array.from({ length: 2 }, () => 'not cut within 5s of quiescing the application, which was resumed'),
    );
  });
});

test('resumes the application once every claim is cut or has failed, and not before', () => {
  const handler = { exec: { command: ['a'] } };
  const conditions = [hookCondition('preBackup', { ok: true, message: 'ran' })];
  const session = backupSession({ ...running, targets: [{ conditions }] });
  session.metadata.annotations = { [annotation.quiescedSince]: created };
  const hooks = { pre: handler, post: handler, adHoc: false };
  const cut = { creationTime: created };
  const step = (snapshots: BackupWorld['snapshots'], failFast = false) =>
    decideBackup(world({ session, hooks, snapshots, failFast })).do;
  assert.equal(step(both(cut, {})), 'wait');
  assert.equal(step(both({}, cut)), 'wait');
  assert.equal(step(both(cut, cut)), 'hook');
  assert.equal(step(both(cut, broken)), 'wait', 'the driver tries again');
  assert.equal(step(both(cut, broken), true), 'hook');
});

describe('an executor that leaves', () => {
  const hooks = { pre: { exec: { command: ['a'] } }, post: { exec: { command: ['b'] } }, adHoc: false };
  const conditions = [hookCondition('preBackup', { ok: true, message: 'ran' })];
  const quiet = backupSession({ ...running, targets: [{ conditions }] });
  quiet.metadata.annotations = { [annotation.quiescedSince]: created };
  const cut = { creationTime: created };
  const leave = (changes: Partial<BackupWorld>) =>
    decideLeavingBackup(world({ session: quiet, hooks, ...changes }));

  test('resumes the application for good once it has created anything, and gives up what is not cut', () => {
    const step = leave({ snapshots: both(cut, undefined) });
    assert.equal(step?.which, 'thaw');
    const why = 'not cut when the application was resumed because its executor was interrupted';
    assert.deepEqual(step.losses?.(undefined), {
      targets: [
        {
          ref: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' },
          totalHosts: 2,
          stats: [
            { hostname: 'data-db-1', phase: 'Failed', error: why, snapshots: [{ name: 'data-db-1-1' }] },
          ],
        },
      ],
    });
    assert.equal(leave({ begun: true })?.which, 'thaw', 'it may have created what it has not seen');
    assert.equal(leave({ snapshots: both(cut, cut) })?.losses, undefined);
  });

  test('a claim that had failed before keeps its reason', () => {
    const snapshots = new Map([['data-db-0', snapshot('a', cut)]]);
    const step = leave({ snapshots, refused: new Map([['data-db-1', 'the quota is used up']]) });
    const stats = step?.losses?.(undefined).targets?.[0]?.stats;
    assert.deepEqual(stats, [{ hostname: 'data-db-1', phase: 'Failed', error: 'the quota is used up' }]);
  });

  test('leaves the next executor to begin anew where nothing was created', () => {
    assert.deepEqual(leave({}), { do: 'hook', which: 'recover' });
    assert.equal(leave({ session: backupSession({ ...running, phase: 'Failed' }) }), undefined);
  });
});

describe('a claim of the session', () => {
  const late = { how: 'late', why: 'the operator was gone' } as const;
  const rows: [what: string, Partial<BackupWorld>, phase: string, message: string | undefined][] = [
    ['nothing made', {}, 'Pending', 'not created yet'],
    ['nothing made, and refused', { refused: new Map([['data-db-0', 'no quota']]) }, 'Failed', 'no quota'],
    [
      'made, then refused',
      { snapshots: both({}, {}), refused: new Map([['data-db-0', 'no']]) },
      'Running',
      'waiting for the snapshot controller',
    ],
    ['ended as late', { end: late }, 'Failed', 'not ready after 1m: not created yet'],
    ['at the deadline', { now: after(timeoutMs) }, 'Failed', 'not ready after 1m: not created yet'],
    ['at the deadline, disconnected', { now: after(timeoutMs), lost: true }, 'Pending', 'not created yet'],
    [
      'disconnected for good',
      { now: after(timeoutMs + 15_000), lost: true },
      'Failed',
      'not seen ready after 1m: not created yet',
    ],
    ['ended', { end: { how: 'disrupted', why: 'deleted' }, snapshots: both({}, {}) }, 'Failed', 'deleted'],
    [
      'ended, but ready',
      { end: { how: 'disrupted', why: 'deleted' }, snapshots: both(ready, {}) },
      'Succeeded',
      undefined,
    ],
    ['its hooks are refused', { hooksRefused: 'not run here' }, 'Failed', 'not run here'],
    [
      'hooks refused after the end',
      { hooksRefused: 'not run here', end: { how: 'disrupted', why: 'x' } },
      'Failed',
      'not run here',
    ],
    [
      'failFast without an error',
      { failFast: true, snapshots: both({}, {}) },
      'Running',
      'waiting for the snapshot controller',
    ],
    [
      'failFast with one',
      { failFast: true, snapshots: both(broken, {}) },
      'Failed',
      'driver reports: disk full',
    ],
  ];
  for (const [what, changes, phase, message] of rows)
    test(`${what}: ${phase}`, () => {
      const [row] = backupClaims(world(changes));
      assert.deepEqual([row?.phase, row?.message], [phase, message]);
    });

  test('that the status records as failed stays failed, even if its snapshot becomes ready', () => {
    const stats = [
      { hostname: 'data-db-0', phase: 'Failed' as const, error: 'cut too late' },
      { hostname: 'data-db-1', phase: 'Succeeded' as const },
    ];
    const session = backupSession({ ...running, targets: [{}, { stats }] });
    const claims = backupClaims(world({ session, snapshots: both(ready, ready) }));
    assert.deepEqual(
      claims.map(({ phase, message }) => [phase, message]),
      [
        ['Failed', 'cut too late'],
        ['Succeeded', undefined],
      ],
    );
  });

  test('counts as failed by the status only from its start on, and after its end', () => {
    const stats = [{ hostname: 'data-db-0', phase: 'Failed' as const, error: 'cut too late' }];
    const phases = (['Running', 'Failed', 'Pending', undefined] as const).map((phase) => {
      const session = backupSession({ ...(phase && { phase }), targets: [{ stats }] });
      return backupClaims(world({ session, snapshots: both(ready, ready) }))[0]?.phase;
    });
    assert.deepEqual(phases, ['Failed', 'Failed', 'Succeeded', 'Succeeded']);
  });

  test('whose snapshot is being deleted keeps that reason at the deadline', () => {
    const going = snapshot('a', ready);
    going.metadata.deletionTimestamp = created;
    const snapshots = new Map([['data-db-0', going]]);
    const [row] = backupClaims(world({ snapshots, now: after(timeoutMs) }));
    assert.deepEqual([row?.phase, row?.message], ['Failed', 'volumesnapshot a is being deleted']);
  });

  test('tells that it waits for the preBackup hook, if there is one', () => {
    const pre = { exec: { command: ['sync'] } };
    const message = (hooks: BackupWorld['hooks']) => backupClaims(world({ hooks }))[0]?.message;
    assert.equal(message({ pre, adHoc: false }), 'waiting for the preBackup hook to end');
    assert.equal(message({ post: pre, adHoc: false }), 'not created yet');
  });
});

describe('whether a snapshot was cut while the application was quiesced', () => {
  const handler = { exec: { command: ['a'] } };
  const hooks = { pre: handler, post: handler, adHoc: false };
  const quiet = backupSession(running);
  quiet.metadata.annotations = { [annotation.quiescedSince]: created };
  const cutAt = (milliseconds: number) => ({ creationTime: after(milliseconds).toISOString() });
  const rows: [
    what: string,
    now: number,
    VolumeSnapshot['status'],
    phase: 'Running' | 'Succeeded' | 'Failed',
    boolean,
  ][] = [
    ['not cut', 0, {}, 'Running', false],
    ['cut', 0, cutAt(0), 'Running', true],
    ['ready, and the driver tells no time', 0, ready, 'Succeeded', true],
    ['cut, then failed', 0, cutAt(0), 'Failed', false],
    ['at the end: cut before', 60_000, cutAt(1), 'Running', true],
    ['at the end: cut just then', 60_000, cutAt(60_000), 'Succeeded', true],
    ['at the end: cut after it', 60_000, cutAt(60_001), 'Succeeded', false],
    ['at the end: ready, and the driver tells no time', 60_000, ready, 'Succeeded', false],
    ['just before the end: ready, and the driver tells no time', 59_999, ready, 'Succeeded', true],
  ];
  for (const [what, now, status, phase, expected] of rows)
    test(`${what}: ${expected ? 'yes' : 'no'}`, () => {
      const given = world({ session: quiet, hooks, now: after(now), snapshots: both(status, undefined) });
      assert.equal(isCut(given, { claim: 'data-db-0', phase }), expected);
    });

  test('without hooks there is no end', () => {
    const given = world({ session: quiet, now: after(90_000), snapshots: both(ready, cutAt(80_000)) });
    assert.equal(isCut(given, { claim: 'data-db-0', phase: 'Succeeded' }), true);
    assert.equal(isCut(given, { claim: 'data-db-1', phase: 'Running' }), true);
  });

  test('the end is what the session records, else what this executor would set; none once resumed', () => {
    const end = (changes: Partial<BackupWorld>) => freezeEnd(world({ session: quiet, hooks, ...changes }));
    assert.deepEqual(end({ maxFreezeMs: 7_000 }), after(7_000));
    const recorded = backupSession(running);
    recorded.metadata.annotations = {
      ...{ [annotation.quiescedSince]: created, [annotation.quiescedUntil]: after(3_000).toISOString() },
    };
    assert.deepEqual(end({ session: recorded }), after(3_000));
    assert.equal(end({ session: backupSession(running) }), undefined);
    assert.equal(end({ hooks: undefined }), undefined);
    assert.equal(end({ hooks: { pre: handler, adHoc: false } }), undefined);
    const conditions = [hookCondition('postBackup', { ok: true, message: 'ran' })];
    const resumed = backupSession({ ...running, targets: [{ conditions }] });
    resumed.metadata.annotations = { [annotation.quiescedSince]: created };
    assert.equal(end({ session: resumed }), undefined);
  });
});

describe('the status that a session ends with', () => {
  const end = (changes: Partial<BackupWorld>) => {
    const step = decideBackup(world(changes));
    return step.do === 'finish' ? step.status(undefined) : assert.fail(step.do);
  };
  const reasons = (changes: Partial<BackupWorld>) => end(changes).conditions?.map(({ reason }) => reason);

  test('names what was missed', () => {
    const snapshots = both(ready, undefined);
    const missed = ['FailedToCompleteWithinDeadline'];
    assert.deepEqual(reasons({ snapshots, now: after(timeoutMs) }), missed);
    assert.deepEqual(reasons({ snapshots, end: { how: 'late', why: 'no operator' } }), missed);
    assert.equal(
      reasons({ snapshots: both(ready, ready), now: after(timeoutMs) }),
      undefined,
      'ready after all',
    );
    assert.equal(reasons({ snapshots: both(ready, broken), failFast: true }), undefined, 'failed in time');
  });

  test('has the size of each snapshot where the driver tells it, and the error of each failed claim', () => {
    const refused = new Map([['data-db-1', 'no quota']]);
    const stats = (status: VolumeSnapshot['status']) =>
      end({ snapshots: new Map([['data-db-0', snapshot('a', status)]]), refused }).targets?.[0]?.stats;
    const failed = { hostname: 'data-db-1', phase: 'Failed', error: 'no quota' };
    assert.deepEqual(stats(ready), [
      { hostname: 'data-db-0', phase: 'Succeeded', snapshots: [{ name: 'a', totalSize: '1Gi' }] },
      failed,
    ]);
    assert.deepEqual(stats({ readyToUse: true }), [
      { hostname: 'data-db-0', phase: 'Succeeded', snapshots: [{ name: 'a' }] },
      failed,
    ]);
  });

  test('begins as Running', () => {
    const step = decideBackup(world({ session: backupSession() }));
    assert(step.do === 'start');
    const ref = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' };
    assert.deepEqual(step.status({ targets: [{ phase: 'Failed' }] }), {
      ...running,
      targets: [{ ref, totalHosts: 2, phase: 'Running' }],
    });
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
