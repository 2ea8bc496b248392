import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { PersistentVolumeClaim, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession, RestoreSession } from '#src/api/stash.ts';
import {
  backupSessionEffects,
  restoreSessionEffects,
  snapshotEffects,
  type DeleteScene,
} from '#src/domain/restore-points/delete-effects.ts';
import { latestComplete } from '#src/domain/restore-points/choose-point.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';

const target = { kind: 'Deployment', name: 'web', namespace: 'demo' } as const;
const now = new Date('2026-03-15T00:00:00Z');

function meta(name: string, annotations: Record<string, string> = {}) {
  return {
    name,
    namespace: 'demo',
    uid: `uid-${name}`,
    resourceVersion: '1',
    creationTimestamp: '2026-03-14T03:00:00Z',
    annotations,
  };
}

/** A snapshot of session `session`, which has `claims`. */
function snapshot(
  session: string,
  claim: string,
  claims: readonly string[],
  ready = true,
): Stored<VolumeSnapshot> {
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: meta(`${claim}-${session}`, {
      'stash.appscode.com/session-uid': `uid-${session}`,
      'stash.appscode.com/session-name': session,
      'stash.appscode.com/session-claims': JSON.stringify(claims),
      'stash.appscode.com/target': '{"apiVersion":"apps/v1","kind":"Deployment","name":"web"}',
    }),
    spec: { source: { persistentVolumeClaimName: claim }, volumeSnapshotClassName: 'fast' },
    status: { readyToUse: ready },
  };
}

function scene(more: Partial<DeleteScene>): DeleteScene {
  return {
    snapshots: [],
    backupSessions: [],
    restoreSessions: [],
    claims: [],
    classes: undefined,
    contents: new Map(),
    ...more,
  };
}

test('refuses exactly the deletions that take the last complete restore point of a target', () => {
  const session = fc.record({
    claims: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
    ready: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    gone: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(session, { minLength: 1, maxLength: 5 }), (sessions) => {
      const all = sessions.flatMap(({ claims, ready, gone }, index) =>
        claims.map((claim, at) => ({
          snapshot: snapshot(`s${index}`, claim, claims, ready[at]),
          gone: gone[at] === true,
        })),
      );
      const snapshots = all.map((each) => each.snapshot);
      const gone = new Set(all.filter((each) => each.gone).map((each) => each.snapshot.metadata.name));
      const left = snapshots.filter(({ metadata }) => !gone.has(metadata.name));
      const had = latestComplete(restorePoints(snapshots, []), target) !== undefined;
      const has = latestComplete(restorePoints(left, []), target) !== undefined;
      const { unlessForced, refusals } = snapshotEffects(gone, scene({ snapshots }), now);
      assert.equal(unlessForced.length, had && !has ? 1 : 0);
      assert.deepEqual(refusals, []);
    }),
  );
});

test('what is pinned, or kept until a later time, goes only by force', () => {
  const marked = (name: string, annotations: Record<string, string>) => {
    const one = snapshot(name, 'a', ['a']);
    return {
      ...one,
      metadata: { ...one.metadata, annotations: { ...one.metadata.annotations, ...annotations } },
    };
  };
  const later = new Date(now.getTime() + 1).toISOString();
  const snapshots = [
    snapshot('s1', 'a', ['a']),
    marked('s2', { [annotation.pinned]: 'true' }),
    marked('s3', { [annotation.keepUntil]: later }),
    marked('s4', { [annotation.keepUntil]: now.toISOString() }),
  ];
  const why = (name: string) =>
    snapshotEffects(new Set([name]), scene({ snapshots }), now).unlessForced.map(({ message }) => message);
  assert.deepEqual(why('a-s1'), []);
  assert.deepEqual(why('a-s2'), ['restore point s2 is pinned']);
  assert.deepEqual(why('a-s3'), [`restore point s3 is kept until ${later}`]);
  assert.deepEqual(why('a-s4'), []);
  const [error] = snapshotEffects(new Set(['a-s2']), scene({ snapshots }), now).unlessForced;
  assert.equal(error?.kind, 'precondition');
  assert.equal(error.hint, 'take the mark off:\nkubectl stash unpin s2 -n demo\nor add --force');
});

test('one snapshot of a pinned restore point goes only by force too', () => {
  const snapshots = ['a', 'b', 'c'].map((claim) => snapshot('s1', claim, ['a', 'b', 'c'], claim !== 'c'));
  const pinned = snapshots.map((one) => ({
    ...one,
    metadata: { ...one.metadata, annotations: { ...one.metadata.annotations, [annotation.pinned]: 'true' } },
  }));
  const { unlessForced } = snapshotEffects(new Set(['b-s1']), scene({ snapshots: pinned }), now);
  assert.deepEqual(
    unlessForced.map(({ message }) => message),
    ['restore point s1 is pinned'],
  );
});

test('a note on each snapshot tells what happens to its data: by its content, else by its class', () => {
  const one = snapshot('s1', 'a', ['a', 'b']);
  const bound = { ...one, status: { readyToUse: true, boundVolumeSnapshotContentName: 'content-a' } };
  const fast = {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    metadata: meta('fast'),
    driver: 'd',
    deletionPolicy: 'Delete',
  } as const;
  const content = {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotContent',
    metadata: meta('content-a'),
    spec: { driver: 'd', deletionPolicy: 'Retain', source: {}, volumeSnapshotRef: {} },
  } as const;
  const told = (more: Partial<DeleteScene>) =>
    snapshotEffects(new Set([bound.metadata.name]), scene({ snapshots: [bound], ...more }), now).notes.at(-1);
  assert.match(told({ classes: [fast] }) ?? '', /its data would be deleted/);
  assert.match(
    told({ classes: [fast], contents: new Map([['content-a', content]]) }) ?? '',
    /its data stays in volumesnapshotcontent\/content-a/,
  );
  assert.match(told({}) ?? '', /cannot tell whether its data would be deleted/);
  const slow = { ...fast, metadata: meta('slow'), deletionPolicy: 'Retain' } as const;
  const unknown =
    'volumesnapshot/a-s1: cannot tell whether its data would be deleted: its class cannot be read';
  assert.equal(told({ classes: [slow] }), unknown, 'the class of another snapshot');
  assert.match(told({ classes: [slow, fast] }) ?? '', /would be deleted \(deletionPolicy Delete\)$/);
  const retained = { ...fast, deletionPolicy: 'Retain' } as const;
  assert.equal(
    told({ classes: [retained] }),
    'volumesnapshot/a-s1: its data stays in volumesnapshotcontent/content-a (deletionPolicy Retain)',
  );
  const { status, ...unseen } = one;
  assert(status);
  const early = scene({ snapshots: [unseen], classes: [retained] });
  assert.deepEqual(snapshotEffects(new Set(['a-s1']), early, now).notes.slice(1), [
    'volumesnapshot/a-s1: its data stays (deletionPolicy Retain)',
  ]);
});

test('a claim or a session that names the snapshot in either field blocks its deletion, and the hint shows it', () => {
  const source = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'a-s1' };
  const claim = (
    name: string,
    spec: PersistentVolumeClaim['spec'],
    status?: PersistentVolumeClaim['status'],
  ): Stored<PersistentVolumeClaim> => ({
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: meta(name), spec },
    ...(status && { status }),
  });
  const restore = (name: string, target?: RestoreSession['spec']['target']): Stored<RestoreSession> => ({
    ...{ apiVersion: 'stash.appscode.com/v1beta1', kind: 'RestoreSession', metadata: meta(name) },
    spec: { ...(target && { target }) },
  });
  const template = (spec: PersistentVolumeClaim['spec']) => ({ metadata: { name: 'x' }, spec });
  const { refusals } = snapshotEffects(
    new Set(['a-s1']),
    scene({
      snapshots: [snapshot('s1', 'a', ['a'])],
      claims: [
        claim('unseen', { dataSourceRef: source }),
        claim('clone', { dataSource: { kind: 'PersistentVolumeClaim', name: 'a-s1' } }, { phase: 'Pending' }),
        claim('empty', {}, { phase: 'Pending' }),
      ],
      restoreSessions: [
        restore('none'),
        restore('bare', {}),
        restore('blank', { volumeClaimTemplates: [template({})] }),
        restore('other', {
          volumeClaimTemplates: [template({ dataSource: { ...source, name: 'a-s2' } })],
        }),
        restore('second', {
          volumeClaimTemplates: [template({}), template({ dataSourceRef: source })],
        }),
      ],
    }),
    now,
  );
  assert.deepEqual(
    refusals.map(({ kind, message, hint }) => [kind, message, hint]),
    [
      [
        'precondition',
        'restoresession/second is still being restored from volumesnapshot a-s1',
        'kubectl describe restoresession second -n demo',
      ],
      [
        'precondition',
        'claim unseen is still being restored from volumesnapshot a-s1',
        'kubectl describe persistentvolumeclaim unseen -n demo',
      ],
    ],
  );
});

test('a claim that is not bound yet, and an unfinished session, block the deletion of a snapshot; others do not', () => {
  const source = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'a-s1' };
  const claim = (phase: 'Pending' | 'Bound', name = 'a-s1'): Stored<PersistentVolumeClaim> => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: meta(`copy-${phase}`),
    spec: { dataSource: { ...source, name } },
    status: { phase },
  });
  const restore = (phase: 'Running' | 'Succeeded'): Stored<RestoreSession> => ({
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: meta(`restore-${phase}`),
    spec: { target: { volumeClaimTemplates: [{ metadata: { name: 'x' }, spec: { dataSource: source } }] } },
    status: { phase },
  });
  const snapshots = [snapshot('s1', 'a', ['a']), snapshot('s2', 'a', ['a'])];
  const refusals = (more: Partial<DeleteScene>) =>
    snapshotEffects(new Set(['a-s1']), scene({ snapshots, ...more }), now).refusals.map(
      ({ message }) => message,
    );
  assert.deepEqual(refusals({ claims: [claim('Bound'), claim('Pending', 'a-s2')] }), []);
  assert.deepEqual(refusals({ restoreSessions: [restore('Succeeded')] }), []);
  assert.deepEqual(refusals({ claims: [claim('Pending')], restoreSessions: [restore('Running')] }), [
    'restoresession/restore-Running is still being restored from volumesnapshot a-s1',
    'claim copy-Pending is still being restored from volumesnapshot a-s1',
  ]);
});

test('the notes on a session tell what outlives it, and which retry is dropped', () => {
  const session: Stored<BackupSession> = {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: meta('s1'),
    spec: { invoker: { kind: 'BackupConfiguration', name: 'nightly' } },
    status: { phase: 'Failed', nextRetry: '2026-03-14T04:00:00Z' },
  };
  const told = backupSessionEffects(session, scene({ snapshots: [snapshot('s1', 'a', ['a', 'b'])] }));
  assert.deepEqual(told.notes, [
    'backupsession/s1: its snapshots stay: a-s1',
    'backupsession/s1: it will not be retried, which was due at 2026-03-14T04:00:00Z',
  ]);
  assert.deepEqual(told.unlessForced, []);

  const restored: Stored<RestoreSession> = {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: meta('r1'),
    spec: {},
  };
  const copy: Stored<PersistentVolumeClaim> = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: meta('copy', { 'stash.appscode.com/restore-session-uid': 'uid-r1' }),
    spec: {},
  };
  const effects = restoreSessionEffects(restored, scene({ claims: [copy] }));
  assert.deepEqual(effects.notes, ['restoresession/r1: its claims stay: copy']);
  assert.equal(effects.unlessForced.length, 1);
});

test('says what becomes of each restore point, and refuses to take the last complete ones of a target', () => {
  const claims = ['a', 'b', 'c'];
  const point = (session: string, ready: readonly boolean[] = [true, true, true]) =>
    claims.map((claim, at) => snapshot(session, claim, claims, ready[at]));
  const of = 'of deployment/web';
  const hint = 'take another first:\nkubectl stash snapshot deployment/web -n demo\nor add --force';
  const last = `restore point s1 is the last complete one ${of}`;
  const rows: [
    what: string,
    snapshots: Stored<VolumeSnapshot>[],
    gone: string[],
    note: string,
    refusal?: string,
  ][] = [
    ['whole', point('s1'), ['a-s1', 'b-s1', 'c-s1'], `restore point s1 ${of} would be deleted`, last],
    [
      'one of it',
      point('s1'),
      ['b-s1'],
      `restore point s1 ${of} would be incomplete: b goes, a, c stay`,
      last,
    ],
    [
      'two of it',
      point('s1'),
      ['a-s1', 'b-s1'],
      `restore point s1 ${of} would be incomplete: a, b go, c stays`,
      last,
    ],
    [
      'what was incomplete',
      point('s1', [true, false, true]),
      ['a-s1'],
      `restore point s1 ${of} would lose more: a goes, c stays`,
    ],
    [
      'the last ready one',
      point('s1', [true, false, false]),
      ['a-s1'],
      `restore point s1 ${of} would be deleted`,
    ],
    [
      'one of two points',
      [...point('s1'), ...point('s2')],
      ['a-s2'],
      `restore point s2 ${of} would be incomplete: a goes, b, c stay`,
    ],
  ];
  for (const [what, snapshots, gone, note, refusal] of rows) {
    const { notes, unlessForced } = snapshotEffects(new Set(gone), scene({ snapshots }), now);
    assert.equal(notes[0], note, what);
    assert.equal(notes.length, 1 + gone.length, 'and one about the data of each snapshot');
    assert.deepEqual(
      unlessForced.map(({ kind, message, hint: said }) => [kind, message, said]),
      refusal === undefined ? [] : [['precondition', refusal, hint]],
      what,
    );
  }
  const two = scene({ snapshots: [...point('s1'), ...point('s2')] });
  assert.deepEqual(
    snapshotEffects(new Set(['a-s1', 'c-s2']), two, now).unlessForced.map(({ message }) => message),
    [`restore points s2, s1 are all the complete ones ${of}`],
  );
});

test('a restore point of a session that failed is not a last good one', () => {
  const failed: Stored<BackupSession> = {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: meta('s1', snapshot('s1', 'a', ['a']).metadata.annotations),
    spec: { invoker: { kind: 'BackupConfiguration', name: 'nightly' } },
    status: { phase: 'Failed' },
  };
  const of = (phase: 'Failed' | 'Succeeded') =>
    snapshotEffects(
      new Set(['a-s1']),
      scene({ snapshots: [snapshot('s1', 'a', ['a'])], backupSessions: [{ ...failed, status: { phase } }] }),
      now,
    ).unlessForced.length;
  assert.deepEqual([of('Failed'), of('Succeeded')], [0, 1]);
});

test('a running session is deleted only by force, and the refusal says what is quiesced', () => {
  const of = (annotations: Record<string, string>, phase: 'Running' | 'Failed' = 'Running') => {
    const session: Stored<BackupSession> = {
      apiVersion: 'stash.appscode.com/v1beta1',
      kind: 'BackupSession',
      metadata: meta('s1', annotations),
      spec: { invoker: { kind: 'BackupConfiguration', name: 'nightly' } },
      status: { phase },
    };
    return backupSessionEffects(session, scene({})).unlessForced[0];
  };
  const since = '2026-03-14T03:00:00Z';
  const key = 'stash.appscode.com/quiesced-since';
  const unknown = 'hooks that have run may leave the application quiesced';
  assert.equal(of({})?.message, `backupsession/s1 is still running: ${unknown}`);
  assert.equal(of({ [key]: '' })?.message, `backupsession/s1 is still running: ${unknown}`);
  assert.equal(
    of({ [key]: since, 'stash.appscode.com/executor': 'job-x 3' })?.message,
    `backupsession/s1 is still running, carried out by job-x: its hooks have quiesced the application since ${since}, and no executor will thaw it`,
  );
  assert.equal(of({})?.kind, 'precondition');
  assert.equal(of({})?.hint, 'let it end:\nkubectl stash wait backupsession/s1 -n demo\nor add --force');
  assert.equal(of({}, 'Failed'), undefined);
});

test('a session outlived by nothing, and with no retry due, has no notes', () => {
  const session = (status: BackupSession['status']): Stored<BackupSession> => ({
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: meta('s1'),
    spec: { invoker: { kind: 'BackupConfiguration', name: 'nightly' } },
    ...(status && { status }),
  });
  const others = scene({ snapshots: [snapshot('s2', 'a', ['a'])] });
  assert.deepEqual(backupSessionEffects(session({ phase: 'Failed' }), others).notes, []);
  const retried = { phase: 'Failed', nextRetry: '2026-03-14T04:00:00Z', retried: true } as const;
  assert.deepEqual(backupSessionEffects(session(retried), others).notes, []);
  const both = scene({ snapshots: ['a', 'b'].map((claim) => snapshot('s1', claim, ['a', 'b'])) });
  assert.deepEqual(backupSessionEffects(session({ phase: 'Failed' }), both).notes, [
    'backupsession/s1: its snapshots stay: a-s1, b-s1',
  ]);
  const restored: Stored<RestoreSession> = {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: meta('r1'),
    spec: {},
    status: { phase: 'Running' },
  };
  const copy = (name: string, uid: string): Stored<PersistentVolumeClaim> => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: meta(name, { 'stash.appscode.com/restore-session-uid': uid }),
    spec: {},
  });
  const notes = (...claims: Stored<PersistentVolumeClaim>[]) =>
    restoreSessionEffects(restored, scene({ claims })).notes;
  assert.deepEqual(notes(copy('other', 'uid-r2')), []);
  const { annotations, ...bare } = meta('by-hand');
  assert(annotations);
  assert.deepEqual(notes({ ...copy('by-hand', ''), metadata: bare }), []);
  assert.match(
    restoreSessionEffects({ ...restored, metadata: bare }, scene({})).unlessForced[0]?.message ?? '',
    /hooks that have run may leave the application quiesced$/,
  );
  assert.deepEqual(notes(copy('x', 'uid-r1'), copy('other', 'uid-r2'), copy('y', 'uid-r1')), [
    'restoresession/r1: its claims stay: x, y',
  ]);
  assert.match(
    restoreSessionEffects(restored, scene({})).unlessForced[0]?.message ?? '',
    /^restoresession\/r1 is still running/,
  );
});
