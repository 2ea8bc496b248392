import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { buildClaim, buildRestoreSession } from '#src/domain/restore/build-restore.ts';
import {
  decideLeavingRestore,
  decideRestore,
  restoreClaims,
  type RestoreWorld,
} from '#src/domain/restore/decide-restore.ts';

import { claim, created, restoreSession, target } from '#test/domain/objects.ts';

const start = new Date(created);
const timeoutMs = 60_000;
const after = (milliseconds: number) => new Date(start.getTime() + milliseconds);
const running = { phase: 'Running', sessionDeadline: after(timeoutMs).toISOString() } as const;
const session = restoreSession(running);

const templates: VolumeClaimTemplate[] = ['data-db-0', 'data-db-1'].map((name) => ({
  metadata: { name, labels: { app: 'db', 'app.kubernetes.io/managed-by': 'Helm' } },
  spec: { dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: `${name}-1` } },
}));

function made(
  name: string,
  phase: 'Pending' | 'Bound' | 'Lost',
  uid = session.metadata.uid,
): Stored<PersistentVolumeClaim> {
  const object = claim(name, { status: { phase } });
  object.metadata.annotations = { [annotation.restoreSessionUid]: uid };
  return object;
}

function world(
  changes: Partial<RestoreWorld> = {},
  ...claims: Stored<PersistentVolumeClaim>[]
): RestoreWorld {
  return {
    now: start,
    session,
    takenAt: start,
    templates,
    claims: new Map(claims.map((each) => [each.metadata.name, each])),
    claimContext: () => ({ waitsForConsumer: false }),
    refused: new Map(),
    hooks: undefined,
    end: undefined,
    leaving: false,
    timeoutMs,
    lost: false,
    ...changes,
  };
}

describe('decideRestore', () => {
  const waiting = { claimContext: () => ({ waitsForConsumer: true }) };
  const used = { claimContext: () => ({ waitsForConsumer: true, pod: 'db-0' }) };
  const two = (phase: 'Pending' | 'Bound' | 'Lost') => [made('data-db-0', phase), made('data-db-1', phase)];
  const rows: [string, RestoreWorld, string, string?][] = [
    ['without a status', world({ session: restoreSession() }), 'start'],
    ['nothing made yet', world(), 'create'],
    ['one of two made', world({}, made('data-db-0', 'Bound')), 'create'],
    ['one still pending', world({}, made('data-db-0', 'Bound'), made('data-db-1', 'Pending')), 'wait'],
    ['all bound', world({}, ...two('Bound')), 'finish', 'Succeeded'],
    ['one lost', world({}, made('data-db-0', 'Bound'), made('data-db-1', 'Lost')), 'finish', 'Failed'],
    ['no pod uses what waits for one', world(waiting, ...two('Pending')), 'finish', 'Unknown'],
    ['a pod uses what waits for one', world(used, ...two('Pending')), 'wait'],
    ['pending at the deadline', world({ now: after(timeoutMs) }, ...two('Pending')), 'finish', 'Failed'],
    [
      'no pod uses the claim at the deadline',
      world({ now: after(timeoutMs), ...waiting }, ...two('Pending')),
      'finish',
      'Unknown',
    ],
    [
      'a claim that another client created',
      world({}, made('data-db-0', 'Bound', 'other'), made('data-db-1', 'Bound')),
      'finish',
      'Failed',
    ],
    [
      'taken over after its deadline',
      world({ now: after(90_000), takenAt: after(90_000) }, ...two('Pending')),
      'start',
    ],
    ['a session that ended', world({ session: restoreSession({ phase: 'Succeeded' }) }), 'done'],
  ];
  for (const [name, given, step, phase] of rows) {
    test(`${name}: ${step}${phase === undefined ? '' : ` ${phase}`}`, () => {
      const decided = decideRestore(given);
      assert.equal(decided.do, step);
      if (decided.do === 'finish') assert.equal(decided.status(undefined).phase, phase);
    });
  }

  test('a restart after the deadline sets a new deadline', () => {
    const decided = decideRestore(world({ now: after(90_000), takenAt: after(90_000) }));
    assert(decided.do === 'start');
    assert.equal(decided.status(undefined).sessionDeadline, after(90_000 + timeoutMs).toISOString());
  });

  test('creates only what is missing', () => {
    const decided = decideRestore(world({}, made('data-db-0', 'Bound')));
    assert(decided.do === 'create');
    assert.deepEqual(
      decided.made.map(({ object: { metadata } }) => metadata.name),
      ['data-db-1'],
    );
  });

  test('shows the last warning about a waiting claim', () => {
    const claimContext = () => ({ waitsForConsumer: false, warning: 'no space left in the pool' });
    const [row] = restoreClaims(world({ claimContext }, made('data-db-0', 'Pending')));
    assert.equal(row?.message, 'no space left in the pool');
  });
});

describe('buildClaim', () => {
  const owner = buildRestoreSession({ target, templates, restoredFrom: 'sts-db-1', at: start });
  const built = buildClaim(
    { ...session, metadata: { ...session.metadata, ...owner.metadata } },
    templates[0] ?? assert.fail(),
  );

  test('keeps the labels of the original claim', () => {
    assert.equal(built.metadata.labels?.['app'], 'db');
    assert.equal(built.metadata.labels['app.kubernetes.io/managed-by'], 'Helm');
    assert.equal(built.metadata.labels['stash.appscode.com/target-name'], 'db');
  });

  test('records which session made the claim', () => {
    assert.equal(built.metadata.annotations?.[annotation.restoreSessionUid], session.metadata.uid);
  });

  test('leaves the reference to the workload out, which would mean Restic', () => {
    assert.equal(owner.spec.target?.ref, undefined);
  });
});

test('a claim that waits for a preRestore hook says so', () => {
  const hooks = { pre: { exec: { command: ['sync'] } }, adHoc: false };
  const messages = restoreClaims(world({ hooks }, made('data-db-0', 'Pending'))).map(
    ({ message }) => message,
  );
  assert.deepEqual(messages, ['waiting for its volume', 'waiting for the preRestore hook to end']);
  const without = restoreClaims(world({ hooks: { ...hooks, pre: undefined } }));
  assert.equal(without[0]?.message, 'not created yet');
});

describe('the deadline of a restore', () => {
  const pending = made('data-db-0', 'Pending');
  const told = (changes: Partial<RestoreWorld>, ...claims: Stored<PersistentVolumeClaim>[]) =>
    restoreClaims(world(changes, ...claims)).map(({ message }) => message);

  test('is that of its executor, or the timeout from now', () => {
    const given = after(5_000);
    for (const [deadline, expected] of [
      [given, given],
      [undefined, after(timeoutMs)],
    ] as const) {
      const decided = decideRestore(world({ session: restoreSession(), deadline }));
      assert(decided.do === 'start');
      assert.deepEqual(decided.status(undefined), {
        phase: 'Running',
        sessionDeadline: expected.toISOString(),
        totalHosts: 2,
      });
    }
  });

  test('is set anew by an executor that took the session at the deadline or later, and where none was set', () => {
    const step = (takenAt: Date) => decideRestore(world({ takenAt }, pending)).do;
    assert.deepEqual([after(timeoutMs - 1), after(timeoutMs), after(timeoutMs + 1)].map(step), [
      'create',
      'start',
      'start',
    ]);
    assert.equal(decideRestore(world({ session: restoreSession({ phase: 'Running' }) })).do, 'start');
    assert.equal(
      decideRestore(world({ session: restoreSession({ ...running, phase: 'Pending' }) })).do,
      'start',
    );
  });

  test('is waited for, and longer while the watch is disconnected', () => {
    const both = [pending, made('data-db-1', 'Bound')];
    const until = (changes: Partial<RestoreWorld>) => {
      const decided = decideRestore(world(changes, ...both));
      return decided.do === 'wait' ? decided.until : undefined;
    };
    assert.deepEqual(until({}), after(timeoutMs));
    assert.deepEqual(until({ lost: true }), after(timeoutMs + 15_000));
    assert.deepEqual(until({ lost: true, now: after(timeoutMs + 14_999) }), after(timeoutMs + 15_000));
    assert.equal(until({ lost: true, now: after(timeoutMs + 15_000) }), undefined);
  });

  test('fails what is not bound by then, and says what it waited for', () => {
    const now = after(timeoutMs);
    assert.deepEqual(told({ now }, made('data-db-1', 'Bound')), [
      'not bound after 1m: not created yet',
      undefined,
    ]);
    assert.deepEqual(told({ now: after(timeoutMs + 15_000), lost: true }, pending), [
      'not seen bound after 1m: waiting for its volume',
      'not seen bound after 1m: not created yet',
    ]);
    assert.deepEqual(told({ end: { how: 'late', why: 'no executor' } }, pending), [
      'not bound after 1m: waiting for its volume',
      'not bound after 1m: not created yet',
    ]);
    assert.deepEqual(told({ now: after(timeoutMs - 1) }, pending), [
      'waiting for its volume',
      'not created yet',
    ]);
    assert.deepEqual(told({ now, takenAt: now }, pending), ['waiting for its volume', 'not created yet']);
    assert.deepEqual(told({ now, session: restoreSession() }, pending)[1], 'not created yet');
  });
});

describe('the claims of a restore that are not bound', () => {
  const failed = (changes: Partial<RestoreWorld>, ...claims: Stored<PersistentVolumeClaim>[]) =>
    restoreClaims(world(changes, ...claims)).map(({ claim, phase, message }) => [claim, phase, message]);

  test('fail for the reason for which the session was ended, except where they are bound', () => {
    for (const how of ['disrupted', 'not-ensured'] as const) {
      const end = { how, why: 'its Job was deleted' };
      assert.deepEqual(failed({ end, now: after(timeoutMs) }, made('data-db-0', 'Pending')), [
        ['data-db-0', 'Failed', 'its Job was deleted'],
        ['data-db-1', 'Failed', 'its Job was deleted'],
      ]);
      assert.deepEqual(failed({ end }, made('data-db-0', 'Bound'))[0], ['data-db-0', 'Succeeded', undefined]);
    }
  });

  test('fail where they were refused, or where another client made them, whatever their state', () => {
    const refused = new Map([['data-db-0', 'exceeded quota']]);
    const other = made('data-db-1', 'Bound', 'other');
    assert.deepEqual(failed({ refused }, made('data-db-0', 'Bound', 'other'), other), [
      ['data-db-0', 'Failed', 'exceeded quota'],
      ['data-db-1', 'Failed', 'a claim of that name exists'],
    ]);
    assert.deepEqual(failed({}, claim('data-db-1'))[1], [
      'data-db-1',
      'Failed',
      'a claim of that name exists',
    ]);
  });

  test('are not begun after a preRestore hook that failed, while one that exists is waited for', () => {
    const hooks = { pre: { exec: { command: ['sync'] } }, adHoc: false };
    const conditions = [{ type: 'PreRestoreHookExecutionSucceeded', status: 'False' as const }];
    const given = { hooks, session: restoreSession({ ...running, conditions }) };
    assert.deepEqual(failed(given, made('data-db-0', 'Pending')), [
      ['data-db-0', 'Running', 'waiting for its volume'],
      ['data-db-1', 'Failed', 'not begun, since the preRestore hook failed'],
    ]);
    assert.equal(failed({ session: given.session })[0]?.[2], 'not created yet');
  });
});

describe('the hooks of a restore', () => {
  const exec = { exec: { command: ['sync'] } };
  const both = [made('data-db-0', 'Bound'), made('data-db-1', 'Bound')];
  const ran = (hook: string, status: 'True' | 'False' = 'True') => ({
    ...{ type: `${hook}RestoreHookExecutionSucceeded`, status, message: `${hook}Restore ended` },
  });
  const after = (...conditions: ReturnType<typeof ran>[]) => ({
    session: restoreSession({ ...running, conditions }),
  });
  const hooks = { pre: exec, post: exec, adHoc: false };
  const next = (given: Partial<RestoreWorld>, ...claims: Stored<PersistentVolumeClaim>[]) => {
    const decided = decideRestore(world({ hooks, ...given }, ...claims));
    return decided.do === 'hook' ? decided.which : decided.do;
  };

  test('run before the first claim and after the last', () => {
    assert.equal(next({}), 'pre');
    assert.equal(next({}, made('data-db-0', 'Bound')), 'pre', 'before the second claim');
    assert.equal(
      next({ hooks: { pre: exec, adHoc: false } }, made('data-db-0', 'Pending'), made('data-db-1', 'Bound')),
      'wait',
      'all claims exist: nothing is left to prepare',
    );
    assert.equal(next(after(ran('Pre'))), 'create');
    assert.equal(next(after(ran('Pre')), made('data-db-0', 'Bound')), 'create');
    assert.equal(next(after(ran('Pre')), ...both.slice(1), made('data-db-0', 'Pending')), 'wait');
    assert.equal(next(after(ran('Pre')), ...both), 'thaw');
    assert.equal(next(after(ran('Pre'), ran('Post')), ...both), 'finish');
    assert.equal(next({ hooks: { post: exec, adHoc: false } }), 'create');
    assert.equal(next({ hooks: { post: exec, adHoc: false } }, ...both), 'post');
    assert.equal(next({ hooks: undefined }, ...both), 'finish');
  });

  test('are not begun by an executor that leaves, which resumes the application where preRestore ran', () => {
    const leave = (given: Partial<RestoreWorld>, ...claims: Stored<PersistentVolumeClaim>[]) =>
      decideLeavingRestore(world({ hooks, ...given }, ...claims));
    assert.equal(leave({}), undefined);
    assert.equal(leave({ hooks: { post: exec, adHoc: false } }, ...both), undefined);
    assert.deepEqual(leave(after(ran('Pre'))), { do: 'hook', which: 'recover' });
    const { session } = after(ran('Pre'));
    assert.equal(
      leave({ session: { ...session, status: { ...session.status, phase: 'Failed' } } }),
      undefined,
    );
    assert.equal(leave({ hooks: undefined, session }), undefined);
    assert.equal(next({ leaving: true }), 'create');
  });

  test('decide with the claims whether the restore succeeded', () => {
    const ended = (given: Partial<RestoreWorld>, ...claims: Stored<PersistentVolumeClaim>[]) => {
      const decided = decideRestore(world({ hooks, ...given }, ...claims));
      assert(decided.do === 'finish');
      const { phase, conditions = [] } = decided.status({
        conditions: given.session?.status?.conditions ?? [],
      });
      return [phase, ...conditions.map(({ type, status, message }) => `${type} ${status}: ${message}`)];
    };
    assert.deepEqual(ended(after(ran('Pre'), ran('Post')), ...both), [
      'Succeeded',
      'PreRestoreHookExecutionSucceeded True: PreRestore ended',
      'PostRestoreHookExecutionSucceeded True: PostRestore ended',
      'RestoreCompleted True: nothing is left to do',
    ]);
    assert.deepEqual(ended(after(ran('Pre'), ran('Post', 'False')), ...both), [
      'Failed',
      'PreRestoreHookExecutionSucceeded True: PreRestore ended',
      'PostRestoreHookExecutionSucceeded False: PostRestore ended',
      'RestoreCompleted False: the postRestore hook failed',
    ]);
  });
});

describe('the status of a restore that ended', () => {
  const ended = (changes: Partial<RestoreWorld>, ...claims: Stored<PersistentVolumeClaim>[]) => {
    const decided = decideRestore(world(changes, ...claims));
    assert(decided.do === 'finish');
    return decided.status(undefined);
  };
  const completed = {
    type: 'RestoreCompleted',
    status: 'True',
    reason: 'PostRestoreTasksExecuted',
    message: 'nothing is left to do',
  };
  const both = [made('data-db-0', 'Bound'), made('data-db-1', 'Lost')];

  test('has a row for each claim, with the error of one that failed', () => {
    const now = after(30_000);
    assert.deepEqual(ended({ now }, ...both), {
      phase: 'Failed',
      sessionDuration: '30s',
      totalHosts: 2,
      stats: [
        { hostname: 'data-db-0', phase: 'Succeeded' },
        { hostname: 'data-db-1', phase: 'Failed', error: 'the claim has lost its volume' },
      ],
      conditions: [{ ...completed, lastTransitionTime: now.toISOString() }],
    });
    const waits = { claimContext: () => ({ waitsForConsumer: true }) };
    assert.deepEqual(ended(waits, ...both.slice(0, 1), made('data-db-1', 'Pending')).stats, [
      { hostname: 'data-db-0', phase: 'Succeeded' },
      { hostname: 'data-db-1', phase: 'Unknown' },
    ]);
  });

  test('tells of the deadline exactly where the restore failed by it', () => {
    const words = (changes: Partial<RestoreWorld>, ...claims: Stored<PersistentVolumeClaim>[]) =>
      ended(changes, ...claims)
        .conditions?.slice(1)
        .map(({ message }) => message);
    const pending = [made('data-db-0', 'Bound'), made('data-db-1', 'Pending')];
    assert.deepEqual(words({ now: after(timeoutMs) }, ...pending), ['not done within 1m']);
    assert.deepEqual(
      words({ now: after(timeoutMs) }, made('data-db-0', 'Bound'), made('data-db-1', 'Bound')),
      [],
    );
    assert.deepEqual(words({ now: after(timeoutMs - 1) }, ...both), []);
    const late = { how: 'late', why: 'no executor started it' } as const;
    assert.deepEqual(words({ end: late }, ...pending), ['not done within 1m: no executor started it']);
    assert.deepEqual(words({ end: { ...late, how: 'disrupted' } }, ...pending), []);
  });
});
