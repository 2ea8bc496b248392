import assert from 'node:assert/strict';
import { test } from 'node:test';

import { accept } from '#src/domain/finding.ts';
import { choosePoint, cutAt, describeClaim } from '#src/domain/restore-points/choose-point.ts';
import type { Moment } from '#src/domain/restore-points/moment.ts';
import { restorePoints, type PointClaim } from '#src/domain/restore-points/restore-points.ts';
import { annotation } from '#src/api/labels.ts';
import { StashError } from '#src/errors.ts';

import {
  at,
  backupSession,
  foo,
  foreignSnapshot,
  ready,
  snapshotOf,
} from '#test/domain/restore-point-objects.ts';

const two = ['data', 'logs'];
const bar = { ...foo, name: 'bar' };
const elsewhere = { ...foo, namespace: 'other' };

/** Two claims, both ready; the session was deleted. */
function good(session: string, created: string) {
  return two.map((claim) => snapshotOf(session, claim, { claims: two, created }));
}
/** Of two claims only `data` has a snapshot. */
function half(session: string, created: string) {
  return [snapshotOf(session, 'data', { claims: two, created })];
}

const chosen: {
  name: string;
  points: ReturnType<typeof restorePoints>;
  from: string;
  only?: string[];
  expected: string;
}[] = [
  {
    name: 'as latest the newest complete restore point, succeeded, ours and of the target',
    points: restorePoints(
      [
        ...good('s-1', at(1)),
        ...good('s-2', at(2)),
        ...half('s-3', at(3)),
        ...good('s-4', at(4)),
        ...good('s-5', at(5)),
        foreignSnapshot('data', { created: at(6) }),
        snapshotOf('s-7', 'data', { target: bar, created: at(7) }),
        snapshotOf('s-8', 'data', { target: elsewhere, created: at(8) }),
      ],
      [
        backupSession('s-4', 'Failed', { claims: two, created: at(4) }),
        backupSession('s-5', 'Running', { claims: two, created: at(5) }),
      ],
    ),
    from: 'latest',
    expected: 's-2',
  },
  {
    name: 'by name',
    points: restorePoints([...good('s-1', at(1)), ...good('s-2', at(2))], []),
    from: 's-1',
    expected: 's-1',
  },
  {
    name: 'by name as -o name prints it',
    points: restorePoints(good('s-1', at(1)), []),
    from: 'backupsession.stash.appscode.com/s-1',
    expected: 's-1',
  },
  {
    name: 'by a snapshot as list -o name prints it',
    points: restorePoints([...good('s-1', at(1)), ...good('s-2', at(2))], []),
    from: 'volumesnapshot.snapshot.storage.k8s.io/logs-1',
    expected: 's-1',
  },
  {
    name: 'the ready claim of an incomplete one',
    points: restorePoints(half('s-1', at(1)), [backupSession('s-1', 'Failed', { claims: two })]),
    from: 's-1',
    only: ['data'],
    expected: 's-1',
  },
  {
    name: 'one made by other means, when it is named',
    points: restorePoints(
      two.map((claim) => foreignSnapshot(claim, { name: `${claim}-fnbwz` })),
      [
        backupSession('foo-fnbwz', 'Succeeded', {
          targets: [{ kind: 'Deployment', name: 'foo', hosts: two }],
        }),
      ],
    ),
    from: 'foo-fnbwz',
    expected: 'foo-fnbwz',
  },
  {
    name: 'one made by other means whose target is not known, when it is named',
    points: restorePoints(
      two.map((claim) => foreignSnapshot(claim, { name: `${claim}-fnbwz` })),
      [],
    ),
    from: 'fnbwz',
    expected: 'fnbwz',
  },
];

for (const { name, points, from, only, expected } of chosen) {
  test(`choosePoint takes ${name}`, () => {
    assert.equal(accept(choosePoint(points, foo, from, only)).session, expected);
  });
}

const restore = 'kubectl stash restore deployment/foo -n demo';
const list = 'kubectl stash list deployment/foo -n demo';

const refused: {
  name: string;
  points: ReturnType<typeof restorePoints>;
  from: string;
  only?: string[];
  kind?: string;
  message: string;
  hint: string;
}[] = [
  {
    name: 'latest without any restore point',
    points: restorePoints(
      [snapshotOf('s-1', 'data', { target: bar }), snapshotOf('s-2', 'data', { target: elsewhere })],
      [],
    ),
    from: 'latest',
    kind: 'not-found',
    message: 'deployment/foo has no restore points in namespace demo',
    hint: 'kubectl stash list -n demo',
  },
  {
    name: 'a name without any restore point',
    points: [],
    from: 's-1',
    kind: 'not-found',
    message: 'deployment/foo has no restore points in namespace demo',
    hint: 'kubectl stash list -n demo',
  },
  {
    name: 'latest where the newest is incomplete',
    points: restorePoints([...half('s-1', at(1)), ...half('s-2', at(2))], []),
    from: 'latest',
    message:
      'deployment/foo has no complete restore point: in the newest, s-2, claim logs: it has no snapshot',
    hint: `only the claims that are ready:\n${restore} --from s-2 --only data\nlist all restore points:\n${list}`,
  },
  {
    name: 'latest where the newest is still running',
    points: restorePoints(good('s-1', at(1)), [backupSession('s-1', 'Running', { claims: two })]),
    from: 'latest',
    message: 'deployment/foo has no complete restore point: session s-1 is still running',
    hint: 'kubectl stash wait s-1 -n demo',
  },
  {
    name: 'latest where the newest failed with all its snapshots ready',
    points: restorePoints(good('s-1', at(1)), [backupSession('s-1', 'Failed', { claims: two })]),
    from: 'latest',
    message: 'deployment/foo has no complete restore point: session s-1 ended Failed',
    hint: `only the claims that are ready:\n${restore} --from s-1 --only data,logs\nlist all restore points:\n${list}`,
  },
  {
    name: 'latest where all were made by other means',
    points: restorePoints(
      [foreignSnapshot('data', { name: 'data-fnbwz' })],
      [backupSession('foo-fnbwz', 'Succeeded', { targets: [{ kind: 'Deployment', name: 'foo' }] })],
    ),
    from: 'latest',
    message:
      'deployment/foo has only restore points that other tools created: it is not known whether they are complete',
    hint: `${restore} --from foo-fnbwz`,
  },
  {
    name: 'latest where the newest lacks both claims',
    points: restorePoints([snapshotOf('s-1', 'data', { claims: two, status: {} })], []),
    from: 'latest',
    message:
      'deployment/foo has no complete restore point: in the newest, s-1, claim data: snapshot data-1 is not ready; claim logs: it has no snapshot',
    hint: list,
  },
  {
    name: 'a session of the same name in another namespace',
    points: restorePoints([...good('s-2', at(2)), snapshotOf('nightly', 'data', { target: elsewhere })], []),
    from: 'nightly',
    kind: 'not-found',
    message: 'deployment/foo has no restore point nightly',
    hint: list,
  },
  {
    name: 'a name that is like one of another target',
    points: restorePoints([...good('s-1', at(1)), snapshotOf('nightly', 'data', { target: bar })], []),
    from: 'nightli',
    kind: 'not-found',
    message: 'deployment/foo has no restore point nightli',
    hint: list,
  },
  {
    name: 'a session whose failure its snapshots record',
    points: restorePoints(
      good('s-1', at(1)).map((snapshot) => ({
        ...snapshot,
        metadata: {
          ...snapshot.metadata,
          annotations: { ...snapshot.metadata.annotations, [annotation.sessionFailed]: 'hook\nfailed' },
        },
      })),
      [],
    ),
    from: 's-1',
    message: 'session s-1 failed: hook failed',
    hint: `only the claims that are ready:\n${restore} --from s-1 --only data,logs\nlist all restore points:\n${list}`,
  },
  {
    name: 'a session that failed with all its snapshots ready',
    points: restorePoints(good('s-1', at(1)), [backupSession('s-1', 'Failed', { claims: two })]),
    from: 's-1',
    message: 'session s-1 failed',
    hint: `only the claims that are ready:\n${restore} --from s-1 --only data,logs\nlist all restore points:\n${list}`,
  },
  {
    name: 'a name with a typo',
    points: restorePoints(good('deploy-foo-1732428000', at(1)), []),
    from: 'deploy-fo-1732428000',
    kind: 'not-found',
    message: 'deployment/foo has no restore point deploy-fo-1732428000',
    hint: `did you mean --from deploy-foo-1732428000?\n${list}`,
  },
  {
    name: 'another time, which is no typo',
    points: restorePoints(good('deploy-foo-1732428000', at(1)), []),
    from: 'deploy-foo-1732428001',
    kind: 'not-found',
    message: 'deployment/foo has no restore point deploy-foo-1732428001',
    hint: list,
  },
  {
    name: 'a name unlike all others',
    points: restorePoints(good('deploy-foo-1732428000', at(1)), []),
    from: 'yesterday',
    kind: 'not-found',
    message: 'deployment/foo has no restore point yesterday',
    hint: list,
  },
  {
    name: 'a session of another target',
    points: restorePoints([snapshotOf('s-1', 'data', { target: bar })], []),
    from: 's-1',
    kind: 'not-found',
    message: 'session s-1 is of deployment/bar, not of deployment/foo',
    hint: 'kubectl stash restore deployment/bar -n demo --from s-1',
  },
  {
    name: 'a session that failed, where a complete one exists',
    points: restorePoints(
      [
        ...good('s-1', at(1)),
        snapshotOf('s-2', 'data', { claims: two, status: { error: { message: 'disk full' } } }),
      ],
      [backupSession('s-2', 'Failed', { claims: two, created: at(2) })],
    ),
    from: 's-2',
    message:
      'session s-2 failed (claim data: snapshot data-2 failed: disk full; claim logs: it has no snapshot)',
    hint: `the newest complete restore point, s-1:\n${restore} --from s-1\nlist all restore points:\n${list}`,
  },
  {
    name: 'a session that failed and left no snapshots',
    points: restorePoints([], [backupSession('s-1', 'Failed', { claims: ['data'] })]),
    from: 's-1',
    message: 'session s-1 failed (claim data: it has no snapshot)',
    hint: list,
  },
  {
    name: 'a session that is still running, whichever claim is asked for',
    points: restorePoints(good('s-1', at(1)), [backupSession('s-1', undefined, { claims: two })]),
    from: 's-1',
    only: ['data'],
    message: 'session s-1 is still running',
    hint: 'kubectl stash wait s-1 -n demo',
  },
  {
    name: 'snapshots that are not ready or being deleted',
    points: restorePoints(
      [
        snapshotOf('s-1', 'data', { claims: two, status: {} }),
        snapshotOf('s-1', 'logs', { claims: two, deleting: true }),
      ],
      [],
    ),
    from: 's-1',
    message:
      'restore point s-1 is incomplete: claim data: snapshot data-1 is not ready; claim logs: snapshot logs-1 is being deleted',
    hint: list,
  },
  {
    name: 'the claim that an incomplete one lacks',
    points: restorePoints(half('s-1', at(1)), []),
    from: 's-1',
    only: ['logs'],
    message: 'restore point s-1 is incomplete: claim logs: it has no snapshot',
    hint: `only the claims that are ready:\n${restore} --from s-1 --only data\nlist all restore points:\n${list}`,
  },
  {
    name: 'one made by other means that is being deleted',
    points: restorePoints(
      [{ ...foreignSnapshot('data', { name: 'x', deleting: true }), spec: { source: {} } }],
      [],
    ),
    from: 'x',
    message: 'restore point x is incomplete: claim x: snapshot x is being deleted',
    hint: list,
  },
];

for (const { name, points, from, only, kind = 'precondition', message, hint } of refused) {
  test(`choosePoint refuses ${name}`, () => {
    assert.throws(
      () => accept(choosePoint(points, foo, from, only)),
      (error) => {
        assert.ok(error instanceof StashError);
        assert.deepEqual(
          { kind: error.kind, message: error.message, hint: error.hint },
          { kind, message, hint },
        );
        return true;
      },
    );
  });
}

/** Cut ten seconds after their sessions began; `s-3` is incomplete. */
const byTime = restorePoints(
  [
    ...[1_000, 2_000, 4_000].flatMap((seconds, index) =>
      good(`s-${index === 2 ? 4 : index + 1}`, at(seconds)).map((snapshot) => ({
        ...snapshot,
        status: { ...snapshot.status, creationTime: at(seconds + 10) },
      })),
    ),
    ...half('s-3', at(3_000)),
  ],
  [],
);
const moments: [what: string, moment: Moment, expected: string | RegExp][] = [
  ['the newest', { place: 1 }, 's-4'],
  ['the second newest complete one', { place: 2 }, 's-2'],
  ['one more than there are', { place: 4 }, /^deployment\/foo has only 3 complete restore points$/],
  ['a time after all', { notAfter: new Date(at(9_999)) }, 's-4'],
  ['the very time of a cut', { notAfter: new Date(at(4_010)) }, 's-4'],
  ['a time between the session and its cut', { notAfter: new Date(at(4_009)) }, 's-2'],
  [
    'a time before all',
    { notAfter: new Date(at(500)) },
    /^deployment\/foo has no complete restore point of 2024-11-24T06:08:20.000Z or before; the oldest is of 2024-11-24T06:16:50.000Z$/,
  ],
];
for (const [what, moment, expected] of moments) {
  test(`choosePoint at a moment: ${what}`, () => {
    const choice = choosePoint(byTime, foo, 'a time', [], moment);
    if (typeof expected === 'string') assert.equal(accept(choice).session, expected);
    else assert.match('failure' in choice ? choice.failure.message : '', expected);
  });
}

test('choosePoint prefers a session whose name could be a moment', () => {
  const points = restorePoints([...good('yesterday', at(1)), ...good('s-2', at(2))], []);
  assert.equal(accept(choosePoint(points, foo, 'yesterday', [], { place: 1 })).session, 'yesterday');
});

test('where no restore point is of that time or place, says which there are', () => {
  const told = (points: typeof byTime, moment: Moment) => {
    const choice = choosePoint(points, foo, 'a time', [], moment);
    assert('failure' in choice);
    const { kind, message, hint } = choice.failure;
    return [kind, message, hint];
  };
  const one = restorePoints(good('s-1', at(1)), []);
  assert.deepEqual(told(one, { place: 2 }), [
    'not-found',
    'deployment/foo has only 1 complete restore point',
    list,
  ]);
  assert.deepEqual(told(restorePoints(half('s-1', at(1)), []), { place: 1 }), [
    'precondition',
    'deployment/foo has no complete restore point: in the newest, s-1, claim logs: it has no snapshot',
    `only the claims that are ready:\n${restore} --from s-1 --only data\nlist all restore points:\n${list}`,
  ]);
  assert.equal(
    told([], { notAfter: new Date(at(1)) })[1],
    'deployment/foo has no restore points in namespace demo',
  );
});

test('a point was cut with the last of its snapshots, or when it was taken where no driver says more', () => {
  const rows: [what: string, times: (string | undefined)[], expected: number][] = [
    ['both known', [at(20), at(30)], 30],
    ['cut before the session by the clock of the driver', [at(1), at(2)], 10],
    ['one unknown', [at(20), undefined], 20],
    ['one that cannot be read', [at(20), 'soon'], 20],
    ['none', [undefined, undefined], 10],
    ['one without a snapshot', [at(20)], 20],
  ];
  for (const [what, times, expected] of rows) {
    const snapshots = times.map((creationTime, index) =>
      snapshotOf('s-1', two[index] ?? '', {
        claims: two,
        created: at(10),
        status: { ...ready, ...(creationTime !== undefined && { creationTime }) },
      }),
    );
    const [point] = restorePoints(snapshots, []);
    assert(point);
    assert.equal(cutAt(point).toISOString(), at(expected), what);
  }
  const unseen = snapshotOf('s-1', 'data', { created: at(10) });
  delete unseen.status;
  const [point] = restorePoints([unseen], []);
  assert(point);
  assert.equal(cutAt(point).toISOString(), at(10));
});

test('tells the state of each claim of a point', () => {
  const snapshot = foreignSnapshot('data', { name: 'x' });
  const rows: [claim: Omit<PointClaim, 'claim'>, words: string][] = [
    [{ state: 'ready', snapshot }, 'snapshot x is ready'],
    [{ state: 'late', snapshot }, 'snapshot x was cut too late'],
    [{ state: 'late', snapshot, message: 'cut at 3' }, 'snapshot x was cut at 3'],
    [{ state: 'missing' }, 'it has no snapshot'],
    [{ state: 'deleting', snapshot }, 'snapshot x is being deleted'],
    [{ state: 'pending', snapshot }, 'snapshot x is not ready'],
    [{ state: 'failed', snapshot }, 'snapshot x failed'],
    [{ state: 'failed', snapshot, message: 'disk\nfull' }, 'snapshot x failed: disk full'],
  ];
  for (const [claim, words] of rows) {
    assert.equal(describeClaim({ claim: 'data', ...claim }), `claim data: ${words}`);
  }
});
