import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { KubernetesObject, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { latestComplete } from '#src/domain/restore-points/choose-point.ts';
import { pointSize, restorePoints, type RestorePoint } from '#src/domain/restore-points/restore-points.ts';

import {
  at,
  backupSession,
  foo,
  foreignSnapshot,
  ready,
  snapshotOf,
} from '#test/domain/restore-point-objects.ts';

const session = 'deploy-foo-1732428000';
const bar = { ...foo, name: 'bar' };
const two = ['data', 'logs'];

function summary({ session, target, claims, completeness, phase }: RestorePoint) {
  const states = claims.map(({ claim, state }) => `${claim} ${state}`).join(', ');
  return `${target ? `${target.kind}/${target.name}` : '?'} ${session}: ${states}: ${completeness} ${phase}`;
}

function of(name: string, claims: readonly string[], status: VolumeSnapshot['status'] = ready) {
  return snapshotOf(session, name, { claims, status });
}

function without<T extends { readonly status?: unknown }>(object: T): Omit<T, 'status'> {
  const { status, ...rest } = object;
  assert(status !== undefined);
  return rest;
}

function unmarked(snapshot: Stored<VolumeSnapshot>, key: string): Stored<VolumeSnapshot> {
  const all = Object.entries(snapshot.metadata.annotations ?? {});
  const annotations = Object.fromEntries(all.filter(([name]) => name !== key));
  assert.equal(Object.keys(annotations).length, all.length - 1);
  return { ...snapshot, metadata: { ...snapshot.metadata, annotations } };
}

function imported(snapshot: Stored<VolumeSnapshot>): Stored<VolumeSnapshot> {
  return { ...snapshot, spec: { source: { volumeSnapshotContentName: 'content' } } };
}

function marked<T extends Stored<KubernetesObject>>(object: T, annotations: Record<string, string>): T {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } } };
}

const rows: {
  name: string;
  snapshots?: Stored<VolumeSnapshot>[];
  sessions?: ReturnType<typeof backupSession>[];
  expected: string[];
}[] = [
  { name: 'nothing', expected: [] },
  {
    name: 'its session was deleted: derived from the snapshots',
    snapshots: [of('data', two), of('logs', two)],
    expected: [`Deployment/foo ${session}: data ready, logs ready: complete Succeeded`],
  },
  {
    name: 'a claim without a snapshot',
    snapshots: [of('data', two)],
    expected: [`Deployment/foo ${session}: data ready, logs missing: incomplete Incomplete`],
  },
  {
    name: 'a pending snapshot, a failed one',
    snapshots: [of('data', two, { readyToUse: false }), of('logs', two, { error: { message: 'full' } })],
    expected: [`Deployment/foo ${session}: data pending, logs failed: incomplete Incomplete`],
  },
  {
    name: 'a ready snapshot that is being deleted, of a session that Succeeded',
    snapshots: [of('data', two), snapshotOf(session, 'logs', { claims: two, deleting: true })],
    sessions: [backupSession(session, 'Succeeded', { claims: two })],
    expected: [`Deployment/foo ${session}: data ready, logs deleting: incomplete Incomplete`],
  },
  ...(
    [
      [undefined, 'Running'],
      ['Pending', 'Running'],
      ['Running', 'Running'],
      ['Failed', 'Failed'],
      ['Skipped', 'Failed'],
      ['Unknown', 'Unknown'],
      ['Succeeded', 'Succeeded'],
    ] as const
  ).map(([phase, expected]) => ({
    name: `session ${phase ?? 'without a phase'}`,
    snapshots: [of('data', ['data'])],
    sessions: [backupSession(session, phase, { claims: ['data'] })],
    expected: [`Deployment/foo ${session}: data ready: complete ${expected}`],
  })),
  {
    name: 'a session of ours that has no snapshots',
    sessions: [backupSession(session, 'Running', { claims: two })],
    expected: [`Deployment/foo ${session}: data missing, logs missing: incomplete Running`],
  },
  {
    name: "a session of AppsCode's that has no snapshots is no restore point",
    sessions: [backupSession('foo-fnbwz', 'Failed')],
    expected: [],
  },
  {
    name: 'one session of two targets',
    snapshots: [of('data', ['data']), snapshotOf(session, 'www', { target: bar })],
    expected: [
      `Deployment/bar ${session}: www ready: complete Succeeded`,
      `Deployment/foo ${session}: data ready: complete Succeeded`,
    ],
  },
  {
    name: 'a session of the same name but another UID is another session',
    snapshots: [of('data', ['data'])],
    sessions: [
      {
        ...backupSession(session, 'Failed'),
        metadata: { ...backupSession(session, 'Failed').metadata, uid: 'x' },
      },
    ],
    expected: [`Deployment/foo ${session}: data ready: complete Succeeded`],
  },
  {
    name: 'a copy of a snapshot stands alone, and the ready one is the original',
    snapshots: [
      snapshotOf(session, 'data', { name: 'copy', status: { readyToUse: false } }),
      snapshotOf(session, 'data', { created: at(60) }),
    ],
    expected: [
      `Deployment/foo ${session}: data ready: complete Succeeded`,
      'PersistentVolumeClaim/data copy: data pending: unknown Unknown',
    ],
  },
  {
    name: "AppsCode's, by the suffix of its session's name",
    snapshots: two.map((claim) => foreignSnapshot(claim, { name: `${claim}-fnbwz` })),
    sessions: [
      backupSession('foo-fnbwz', 'Succeeded', { targets: [{ kind: 'Deployment', name: 'foo', hosts: two }] }),
    ],
    expected: ['Deployment/foo foo-fnbwz: data ready, logs ready: unknown Succeeded'],
  },
  {
    name: "AppsCode's, one snapshot deleted later",
    snapshots: [foreignSnapshot('data', { name: 'data-fnbwz' })],
    sessions: [
      backupSession('foo-fnbwz', 'Succeeded', { targets: [{ kind: 'Deployment', name: 'foo', hosts: two }] }),
    ],
    expected: ['Deployment/foo foo-fnbwz: data ready, logs missing: unknown Incomplete'],
  },
  {
    name: "our session that AppsCode's operator carried out",
    snapshots: two.map((claim) => foreignSnapshot(claim, { name: `${claim}-1732428000` })),
    sessions: [backupSession(session, 'Succeeded', { claims: two })],
    expected: [`Deployment/foo ${session}: data ready, logs ready: unknown Succeeded`],
  },
  {
    name: 'two sessions with one suffix, told apart by the claims they name',
    snapshots: ['data', 'www'].map((claim) => foreignSnapshot(claim, { name: `${claim}-1732428000` })),
    sessions: [
      backupSession('a-1732428000', 'Succeeded', {
        targets: [{ kind: 'Deployment', name: 'foo', hosts: ['data'] }],
      }),
      backupSession('b-1732428000', 'Succeeded', {
        targets: [{ kind: 'Deployment', name: 'bar', hosts: ['www'] }],
      }),
    ],
    expected: [
      'Deployment/bar b-1732428000: www ready: unknown Succeeded',
      'Deployment/foo a-1732428000: data ready: unknown Succeeded',
    ],
  },
  {
    name: 'two sessions with one suffix that cannot be told apart',
    snapshots: two.map((claim) => foreignSnapshot(claim, { name: `${claim}-1732428000` })),
    sessions: [backupSession('a-1732428000', 'Running'), backupSession('b-1732428000', 'Running')],
    expected: ['? 1732428000: data ready, logs ready: unknown Unknown'],
  },
  {
    name: 'by suffix, after their session was deleted',
    snapshots: two.map((claim) => foreignSnapshot(claim, { name: `${claim}-fnbwz` })),
    expected: ['? fnbwz: data ready, logs ready: unknown Unknown'],
  },
  {
    name: 'by hand: each alone',
    snapshots: two.map((claim) => foreignSnapshot(claim, { name: `${claim}-final` })),
    expected: [
      'PersistentVolumeClaim/logs logs-final: logs ready: unknown Unknown',
      'PersistentVolumeClaim/data data-final: data ready: unknown Unknown',
    ],
  },
  {
    name: 'imported from a storage system',
    snapshots: [imported(foreignSnapshot('x', { name: 'old' }))],
    expected: ['? old: old ready: unknown Unknown'],
  },
  {
    name: 'ours, brought back by their contents after the namespace was deleted',
    snapshots: [
      imported(of('data', ['data', 'data-wal'])),
      imported(
        snapshotOf(session, 'data-wal', { claims: ['data', 'data-wal'], name: 'data-wal-1732428000-00ff' }),
      ),
    ],
    expected: [`Deployment/foo ${session}: data ready, data-wal ready: complete Succeeded`],
  },
  {
    name: 'ours, brought back under a name that no session gives',
    snapshots: [imported(snapshotOf(session, 'data', { name: 'data-again' }))],
    expected: [`Deployment/foo ${session}: data missing, data-again ready: incomplete Incomplete`],
  },
  {
    name: 'a session of ours that has no claims',
    sessions: [backupSession(session, 'Succeeded', { claims: [] })],
    expected: [`Deployment/foo ${session}: : incomplete Incomplete`],
  },
  {
    name: 'a snapshot and a session without a status yet',
    snapshots: [without(of('data', two)), of('logs', two)],
    sessions: [without(backupSession(session, undefined, { claims: two }))],
    expected: [`Deployment/foo ${session}: data pending, logs ready: incomplete Running`],
  },
  {
    name: 'snapshots that list different claims: all of them count',
    snapshots: [of('data', ['data']), of('logs', ['logs', 'www'])],
    expected: [`Deployment/foo ${session}: data ready, logs ready, www missing: incomplete Incomplete`],
  },
  {
    name: 'a snapshot that is being deleted does not stand for its claim where there is another',
    snapshots: [
      snapshotOf(session, 'data', { name: 'going', deleting: true }),
      snapshotOf(session, 'data', { name: 'new', created: at(60) }),
    ],
    expected: [
      `Deployment/foo ${session}: data ready: complete Succeeded`,
      'PersistentVolumeClaim/data going: data deleting: unknown Unknown',
    ],
  },
  ...[annotation.sessionUid, annotation.sessionClaims, annotation.target].map((key) => ({
    name: `ours without its annotation ${key}`,
    snapshots: [unmarked(of('data', ['data']), key)],
    expected: ['PersistentVolumeClaim/data data-1732428000: data ready: unknown Unknown'],
  })),
  ...[backupSession('foo-fnbwz', 'Running'), without(backupSession('foo-fnbwz', 'Running'))].map(
    (object) => ({
      name: "AppsCode's, whose session does not list targets yet",
      snapshots: [
        foreignSnapshot('logs', { name: 'logs-fnbwz' }),
        foreignSnapshot('data', { name: 'data-fnbwz', created: at(60) }),
      ],
      sessions: [object],
      expected: ['? foo-fnbwz: data ready, logs ready: unknown Running'],
    }),
  ),
  {
    name: "AppsCode's, whose session does not list claims yet",
    snapshots: [foreignSnapshot('data', { name: 'data-fnbwz' })],
    sessions: [backupSession('foo-fnbwz', 'Running', { targets: [{ kind: 'Deployment', name: 'foo' }] })],
    expected: ['Deployment/foo foo-fnbwz: data ready: unknown Running'],
  },
  {
    name: "AppsCode's, of a claim that its session does not list",
    snapshots: [foreignSnapshot('www', { name: 'www-fnbwz' })],
    sessions: [
      backupSession('foo-fnbwz', 'Succeeded', {
        targets: [{ kind: 'Deployment', name: 'foo', hosts: ['data'] }],
      }),
    ],
    expected: ['PersistentVolumeClaim/www www-fnbwz: www ready: unknown Unknown'],
  },
  {
    name: 'a claim that only one of two sessions of one suffix can have',
    snapshots: [foreignSnapshot('www', { name: 'www-fnbwz' })],
    sessions: [
      backupSession('foo-fnbwz', 'Succeeded', {
        targets: [{ kind: 'Deployment', name: 'foo', hosts: ['data'] }],
      }),
      backupSession('bar-fnbwz', 'Running', { targets: [{ kind: 'Deployment', name: 'bar' }] }),
    ],
    expected: ['Deployment/bar bar-fnbwz: www ready: unknown Running'],
  },
  {
    name: "with a session's suffix, but not after the claim's name",
    snapshots: [foreignSnapshot('pages', { name: 'daily-fnbwz' })],
    sessions: [backupSession('foo-fnbwz', 'Running')],
    expected: ['PersistentVolumeClaim/pages daily-fnbwz: pages ready: unknown Unknown'],
  },
  ...[{ kind: 'Deployment' }, { name: 'foo' }, undefined].map((ref) => ({
    name: `AppsCode's, whose session names no target: ${JSON.stringify(ref)}`,
    snapshots: [foreignSnapshot('data', { name: 'data-fnbwz' })],
    sessions: [{ ...backupSession('foo-fnbwz', 'Running'), status: { targets: [{ ...(ref && { ref }) }] } }],
    expected: ['? foo-fnbwz: data ready: unknown Running'],
  })),
  {
    name: 'malformed annotations',
    snapshots: [
      {
        ...of('data', ['data']),
        metadata: {
          ...of('data', ['data']).metadata,
          annotations: { 'stash.appscode.com/session-uid': 'x', 'stash.appscode.com/target': '{' },
        },
      },
    ],
    expected: ['PersistentVolumeClaim/data data-1732428000: data ready: unknown Unknown'],
  },
];

for (const { name, snapshots = [], sessions = [], expected } of rows) {
  test(`restore points: ${name}`, () => {
    assert.deepEqual(restorePoints(snapshots, sessions).map(summary), expected);
  });
}

test('restore points are newest first, by the creation of their session, else by their earliest snapshot', () => {
  const points = restorePoints(
    [
      snapshotOf('a-1', 'data', { created: at(5) }),
      snapshotOf('b-2', 'data', { created: at(20), status: { ...ready, creationTime: at(50) } }),
      snapshotOf('c-3', 'data', { created: at(30) }),
      snapshotOf('z-0', 'data', { created: at(9), claims: two }),
      snapshotOf('z-0', 'logs', { created: at(8), claims: two }),
    ],
    [backupSession('a-1', 'Succeeded', { created: at(10) })],
  );
  assert.deepEqual(
    points.map(({ session, takenAt }) => [session, takenAt.toISOString()]),
    [
      ['c-3', at(30)],
      ['b-2', at(20)],
      ['a-1', at(10)],
      ['z-0', at(8)],
    ],
  );
});

test('restore points of one second are ordered by their names, and of one name by their namespaces', () => {
  const in2 = (namespace: string) => snapshotOf('a-1', 'data', { target: { ...foo, namespace } });
  const all = [snapshotOf('a-3', 'data'), in2('y'), in2('x'), in2('z'), snapshotOf('a-2', 'data')];
  for (const snapshots of [all, all.toReversed()])
    assert.deepEqual(
      restorePoints(snapshots, []).map((point) => `${point.namespace}/${point.session}`),
      ['demo/a-3', 'demo/a-2', 'x/a-1', 'y/a-1', 'z/a-1'],
    );
});

test('a restore point tells all that is known, and leaves out what is not', () => {
  const one = snapshotOf('s-1', 'data', { claims: two });
  const known = {
    ...{
      session: 's-1',
      sessionUid: 'uid-s-1',
      namespace: 'demo',
      invoker: 'deploy-foo',
      takenAt: new Date(at(0)),
    },
    target: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'foo' },
    keeping: { pinned: false },
  };
  assert.deepEqual(restorePoints([one], []), [
    {
      ...known,
      claims: [
        {
          ...{ claim: 'data', state: 'ready', snapshot: one },
          source: { storage: '1Gi', accessModes: ['ReadWriteOnce'] },
        },
        { claim: 'logs', state: 'missing' },
      ],
      completeness: 'incomplete',
      phase: 'Incomplete',
    },
  ]);
  assert.deepEqual(restorePoints([], [backupSession('s-1', 'Running', { claims: ['data'] })]), [
    { ...known, claims: [{ claim: 'data', state: 'missing' }], completeness: 'incomplete', phase: 'Running' },
  ]);
  const alone = foreignSnapshot('data', { name: 'mine' });
  assert.deepEqual(restorePoints([alone], []), [
    {
      ...{ session: 'mine', namespace: 'demo', takenAt: new Date(at(0)) },
      target: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'data' },
      claims: [{ claim: 'data', state: 'ready', snapshot: alone }],
      ...{ completeness: 'unknown', phase: 'Unknown', keeping: { pinned: false } },
    },
  ]);
});

test('the configuration is that of the session, else that of any of its snapshots', () => {
  const other = { invoker: { kind: 'BackupConfiguration' as const, name: 'other' } };
  const invoker = (...[snapshots, sessions = []]: [typeof all, ReturnType<typeof backupSession>[]?]) =>
    restorePoints(snapshots, sessions)[0]?.invoker;
  const all = [snapshotOf('s-1', 'logs', { claims: two })];
  assert.equal(invoker(all), 'deploy-foo', 'though its first claim has no snapshot');
  assert.equal(invoker(all, [{ ...backupSession('s-1', 'Running', { claims: two }), spec: other }]), 'other');
});

test('a target without an API version has none', () => {
  const ref = { kind: 'Deployment', name: 'foo' };
  const given = { ...backupSession('foo-fnbwz', 'Running'), status: { targets: [{ ref }] } };
  assert.deepEqual(restorePoints([foreignSnapshot('data', { name: 'data-fnbwz' })], [given])[0]?.target, ref);
});

test('a failure stays on the snapshots of the session that failed, and the session tells its own phase', () => {
  const why = 'the postBackup hook failed';
  const snapshots = [of('data', two), marked(of('logs', two), { [annotation.sessionFailed]: why })];
  const told = (...sessions: ReturnType<typeof backupSession>[]) =>
    restorePoints(snapshots, sessions).map(({ completeness, phase, failure }) => [
      completeness,
      phase,
      failure,
    ]);
  assert.deepEqual(told(), [['complete', 'Failed', why]]);
  assert.deepEqual(told(backupSession(session, 'Succeeded', { claims: two })), [
    ['complete', 'Succeeded', why],
  ]);
});

test('the marks of a session count until it has snapshots, which have their own', () => {
  const pin = { [annotation.pinned]: 'true' };
  const running = marked(backupSession(session, 'Running', { claims: two }), pin);
  const pinned = (...snapshots: Stored<VolumeSnapshot>[]) =>
    restorePoints(snapshots, [running])[0]?.keeping.pinned;
  assert.equal(pinned(), true);
  assert.equal(pinned(of('data', two)), false, 'a user took the mark off');
  assert.equal(pinned(of('data', two), marked(of('logs', two), pin)), true);
});

test('only a failed snapshot and one that was cut too late have a message', () => {
  const error = { message: 'the pool is full' };
  const quietUntil = at(60);
  const message = (options: Parameters<typeof snapshotOf>[2]) =>
    restorePoints([snapshotOf('s-1', 'data', options)], [])[0]?.claims[0]?.message;
  assert.equal(message({ status: { error } }), 'the pool is full');
  assert.equal(message({ status: { error: {} } }), undefined);
  assert.equal(message({ status: { error, readyToUse: true } }), undefined);
  assert.equal(message({ status: { error }, deleting: true }), undefined);
  assert.equal(message({ status: {}, quietUntil }), undefined);
  assert.equal(
    message({ status: { readyToUse: true, creationTime: at(61) }, quietUntil }),
    `cut at ${at(61)}, after ${quietUntil}, when the application resumed`,
  );
  assert.equal(message({ quietUntil }), `possibly cut after ${quietUntil}, when the application resumed`);
});

test('the size is the sum of the restore sizes of the snapshots', () => {
  const sizeOf = (...statuses: VolumeSnapshot['status'][]) => {
    const claims = statuses.map((_, index) => `claim-${index}`);
    const snapshots = statuses.map((status, index) => of(`claim-${index}`, claims, status));
    return restorePoints(snapshots, []).map(pointSize);
  };
  assert.deepEqual(sizeOf({ ...ready, restoreSize: '1Ki' }, { ...ready, restoreSize: '1' }, {}), [1025n]);
  assert.deepEqual(sizeOf({}, { ...ready, restoreSize: '0' }), [undefined]);
  assert.deepEqual(restorePoints([without(of('data', ['data']))], []).map(pointSize), [undefined]);
});

const world = fc.record({
  snapshots: fc
    .array(
      fc.record({
        claim: fc.constantFrom('a', 'b', 'c'),
        session: fc.constantFrom('s-fnbwz', 's-1732428000', 's-1732428001'),
        kind: fc.constantFrom('own', 'suffix', 'hand'),
        status: fc.constantFrom(ready, {}, { error: { message: 'no' } }),
        deleting: fc.boolean(),
        namespace: fc.constantFrom('demo', 'other'),
        id: fc.nat({ max: 3 }),
        created: fc.nat({ max: 5 }).map(at),
      }),
    )
    .map((all) => {
      const made = all.map(({ claim, session, kind, id, ...options }) => {
        if (kind === 'hand') return foreignSnapshot(claim, { name: `${claim}-hand${id}`, ...options });
        if (kind === 'suffix') {
          return foreignSnapshot(claim, { name: `${claim}-${session.slice(2)}`, ...options });
        }
        const target = { ...foo, name: id > 1 ? 'bar' : 'foo', namespace: options.namespace };
        return snapshotOf(session, claim, {
          name: `${claim}-own${id}`,
          claims: ['a', 'b'],
          target,
          ...options,
        });
      });
      return [...new Map(made.map((snapshot) => [snapshot.metadata.uid, snapshot])).values()];
    }),
  sessions: fc
    .array(
      fc.record({
        name: fc.constantFrom('s-fnbwz', 's-1732428000', 's-1732428001'),
        phase: fc.constantFrom('Running', 'Succeeded', 'Failed', undefined),
        claims: fc.option(fc.constant(['a', 'b']), { nil: undefined }),
      }),
    )
    .map((all) =>
      [...new Map(all.map((each) => [each.name, each])).values()].map(({ name, phase, claims }) =>
        backupSession(name, phase, claims ? { claims } : {}),
      ),
    ),
});

test('each snapshot is in exactly one restore point', () => {
  fc.assert(
    fc.property(world, ({ snapshots, sessions }) => {
      const found = restorePoints(snapshots, sessions)
        .flatMap(({ claims }) => claims)
        .flatMap(({ snapshot }) => snapshot?.metadata.uid ?? []);
      assert.deepEqual(found.sort(), snapshots.map(({ metadata }) => metadata.uid).sort());
    }),
  );
});

test('exactly the restore points with a list of claims and a ready snapshot of each are complete', () => {
  fc.assert(
    fc.property(world, ({ snapshots, sessions }) => {
      for (const { completeness, claims } of restorePoints(snapshots, sessions)) {
        if (completeness === 'unknown') continue;
        const fit = new Set(
          claims.flatMap(({ claim, snapshot }) =>
            snapshot?.status?.readyToUse === true && snapshot.metadata.deletionTimestamp === undefined
              ? claim
              : [],
          ),
        );
        assert.ok(claims.some(({ claim }) => claim === 'a') && claims.some(({ claim }) => claim === 'b'));
        assert.equal(
          completeness === 'complete',
          claims.every(({ claim }) => fit.has(claim)),
        );
      }
    }),
  );
});

test('the order of the API server’s lists does not matter', () => {
  fc.assert(
    fc.property(
      world.chain(({ snapshots, sessions }) =>
        fc.record({
          one: fc.constant({ snapshots, sessions }),
          snapshots: fc.shuffledSubarray(snapshots, { minLength: snapshots.length }),
          sessions: fc.shuffledSubarray(sessions, { minLength: sessions.length }),
        }),
      ),
      ({ one, snapshots, sessions }) => {
        assert.deepEqual(restorePoints(snapshots, sessions), restorePoints(one.snapshots, one.sessions));
      },
    ),
  );
});

test('latest is the newest complete restore point whose session did not fail', () => {
  fc.assert(
    fc.property(world, ({ snapshots, sessions }) => {
      const points = restorePoints(snapshots, sessions);
      const latest = latestComplete(points, foo);
      const fit = points.filter(
        ({ completeness, phase, target, namespace }) =>
          completeness === 'complete' &&
          phase === 'Succeeded' &&
          target?.name === 'foo' &&
          namespace === 'demo',
      );
      assert.equal(latest === undefined, fit.length === 0);
      if (latest) {
        assert.ok(latest.claims.every(({ state }) => state === 'ready'));
        assert.ok(fit.every(({ takenAt }) => takenAt <= latest.takenAt));
      }
    }),
  );
});
