import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import type { RetentionPolicy } from '#src/api/stash.ts';
import { labelValue } from '#src/domain/workload/names.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import {
  planRetention as planLine,
  snapshotsOf,
  type Invoker,
  type Line,
} from '#src/domain/retention/retention.ts';
import { hasRules, prunes, retentionProblem, type KeepField } from '#src/domain/retention/retention-rules.ts';
import { tellRetention } from '#src/domain/retention/tidy-conditions.ts';

import { at, foo, foreignSnapshot, ready, snapshotOf } from '#test/domain/restore-point-objects.ts';

const invoker = { name: 'deploy-foo', namespace: 'demo' };

function policy(rules: Partial<RetentionPolicy>): RetentionPolicy {
  return { name: 'p', prune: true, ...rules };
}

/** As after a run of the schedule, unless another line is given. */
function planRetention(
  of: Invoker,
  snapshots: readonly Stored<VolumeSnapshot>[],
  rules: RetentionPolicy,
  line: Line = 'schedule',
  inUse: ReadonlySet<string> = new Set(),
): ReturnType<typeof planLine> {
  return planLine(of, snapshots, rules, { line, now: new Date(at(3_600)), inUse });
}

type Options = Parameters<typeof snapshotOf>[2] & { readonly invoker?: string; readonly cut?: string };

/** A snapshot that `session` of the invoker created. */
function made(session: string, claim: string, options: Options = {}): Stored<VolumeSnapshot> {
  const { invoker: name = invoker.name, cut, ...rest } = options;
  const status = cut === undefined ? rest.status : { ...ready, creationTime: cut };
  const snapshot = snapshotOf(session, claim, {
    ...rest,
    ...(cut !== undefined && { created: cut }),
    ...(status && { status }),
  });
  const labels = { ...snapshot.metadata.labels, [label.invokerType]: 'BackupConfiguration' };
  const annotations = { [annotation.madeBy]: 'schedule', ...snapshot.metadata.annotations };
  return {
    ...snapshot,
    metadata: { ...snapshot.metadata, annotations, labels: { ...labels, [label.invokerName]: name } },
  };
}

function names(judged: readonly { readonly snapshot: Stored<VolumeSnapshot> }[]): string[] {
  return judged.map(({ snapshot }) => snapshot.metadata.name).sort();
}

function gone(snapshots: readonly Stored<VolumeSnapshot>[], rules: Partial<RetentionPolicy>): string[] {
  return names(planRetention(invoker, snapshots, policy(rules)).go);
}

/** A single claim, cut at each of these times; the snapshot of the first is `data-0`. */
function series(...cuts: readonly string[]): Stored<VolumeSnapshot>[] {
  return cuts.map((cut, index) => made(`s-${index}`, 'data', { cut, created: cut }));
}

suite('each rule keeps the newest of its bucket, in UTC', () => {
  const rows: readonly [string, Partial<RetentionPolicy>, readonly string[], readonly string[]][] = [
    [
      'last',
      { keepLast: 2 },
      ['2026-03-14T01:00:00Z', '2026-03-14T02:00:00Z', '2026-03-14T03:00:00Z'],
      ['data-0'],
    ],
    [
      'hourly',
      { keepHourly: 2 },
      ['2026-03-14T01:59:59Z', '2026-03-14T02:00:00Z', '2026-03-14T02:59:59Z', '2026-03-14T03:00:00Z'],
      ['data-0', 'data-1'],
    ],
    [
      'daily, as many days as have one',
      { keepDaily: 2 },
      ['2026-03-01T12:00:00Z', '2026-03-10T12:00:00Z', '2026-03-14T00:00:00Z', '2026-03-14T23:59:59Z'],
      ['data-0', 'data-2'],
    ],
    // 2026-12-28 is the Monday of the week in which the new year begins.
    [
      'weekly, ISO weeks',
      { keepWeekly: 2 },
      ['2026-12-27T23:00:00Z', '2026-12-28T00:00:00Z', '2027-01-03T23:00:00Z', '2027-01-04T00:00:00Z'],
      ['data-0', 'data-1'],
    ],
    [
      'monthly',
      { keepMonthly: 2 },
      ['2026-01-31T23:59:59Z', '2026-02-01T00:00:00Z', '2026-02-28T00:00:00Z', '2026-03-01T00:00:00Z'],
      ['data-0', 'data-1'],
    ],
    [
      'yearly',
      { keepYearly: 1 },
      ['2025-12-31T23:59:59Z', '2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z'],
      ['data-0', 'data-1'],
    ],
    [
      'several rules keep what any of them keeps',
      { keepLast: 1, keepDaily: 2 },
      ['2026-03-12T00:00:00Z', '2026-03-13T10:00:00Z', '2026-03-13T11:00:00Z', '2026-03-14T00:00:00Z'],
      ['data-0', 'data-1'],
    ],
    [
      'times with a zone of their own',
      { keepDaily: 1 },
      ['2026-03-14T23:30:00-02:00', '2026-03-15T00:30:00Z'],
      ['data-1'],
    ],
  ];
  for (const [name, rules, cuts, expected] of rows) {
    test(name, () => {
      assert.deepEqual(gone(series(...cuts), rules), expected);
    });
  }

  // The first two times share a bucket, the third does not.
  type Bucket = readonly [field: KeepField, older: string, newer: string, outside: string];
  const week = ['2026-12-29', '2026-12-30', '2026-12-31', '2027-01-01', '2027-01-02', '2027-01-03'];
  const buckets: readonly Bucket[] = [
    ['keepHourly', '2026-03-14T02:00:00Z', '2026-03-14T02:59:59Z', '2026-03-14T01:59:59Z'],
    ['keepDaily', '2026-03-14T00:00:00Z', '2026-03-14T23:59:59Z', '2026-03-13T23:59:59Z'],
    ['keepMonthly', '2026-03-01T00:00:00Z', '2026-03-31T23:59:59Z', '2026-02-28T23:59:59Z'],
    ['keepYearly', '2026-01-01T00:00:00Z', '2026-12-31T23:59:59Z', '2025-12-31T23:59:59Z'],
    ...week.map((day): Bucket => [
      'keepWeekly',
      '2026-12-28T00:00:00Z',
      `${day}T23:59:59Z`,
      '2026-12-27T23:59:59Z',
    ]),
  ];
  for (const [field, older, newer, outside] of buckets)
    test(`${field} takes ${older} and ${newer} as one, and ${outside} as another`, () => {
      assert.deepEqual(gone(series(older, newer, outside), { [field]: 2 }), ['data-0']);
    });

  test('within the same second, the later session counts as the newest, as in a list', () => {
    assert.deepEqual(gone(series(at(0), at(0), at(0)), { keepLast: 1 }), ['data-0', 'data-1']);
  });

  test('a snapshot without a creationTime in its status counts by its creationTimestamp', () => {
    const old = made('s-0', 'data', { created: at(0) });
    const young = made('s-1', 'data', { created: at(9), cut: at(5) });
    assert.deepEqual(gone([young, old], { keepLast: 1 }), ['data-0']);
  });
});

test('a policy without rules, or with zeros only, keeps all', () => {
  const all = series(at(0), at(1), at(2));
  assert.deepEqual(gone(all, {}), []);
  assert.deepEqual(gone(all, { keepLast: 0, keepDaily: 0, keepTags: ['x'] }), []);
  assert.equal(hasRules(policy({ keepLast: 0, keepTags: ['x'] })), false);
  assert.equal(hasRules(policy({ keepYearly: 1 })), true);
});

test('an invalid count is refused', () => {
  assert.equal(retentionProblem(policy({ keepLast: 0, keepDaily: 7 })), undefined);
  assert.match(retentionProblem(policy({ keepLast: 1, keepWeekly: -1 })) ?? '', /keepWeekly is -1/);
  assert.match(retentionProblem(policy({ keepLast: 1.5 })) ?? '', /keepLast is 1.5/);
});

test('only prune: true without dryRun deletes', () => {
  assert.equal(prunes(policy({ keepLast: 1 })), true);
  assert.equal(prunes(policy({ keepLast: 1, prune: false })), false);
  assert.equal(prunes(policy({ keepLast: 1, dryRun: true })), false);
});

test('the message tells whether anything was deleted', () => {
  const plan = planRetention(invoker, series(at(0), at(1), at(2)), policy({ keepLast: 2 }));
  const tell = (rules: Partial<RetentionPolicy>) => tellRetention(policy(rules), plan);
  assert.equal(tell({}), 'p: 2 snapshots stay, 1 deleted: data-0');
  assert.equal(
    tell({ prune: false }),
    'p: 2 snapshots stay; prune is false, so nothing is deleted: data-0 would go',
  );
  assert.equal(
    tell({ dryRun: true }),
    'p: 2 snapshots stay; dryRun is true, so nothing is deleted: data-0 would go',
  );
  assert.equal(
    tellRetention(policy({}), { stay: plan.stay, go: [] }),
    'p: 2 snapshots stay, nothing to delete',
  );
  const many = Array.from({ length: 14 }, (_, index) => at(index));
  const long = planRetention(invoker, series(...many), policy({ keepLast: 1 }));
  assert.match(
    tellRetention(policy({}), long),
    /1 snapshot stays, 13 deleted: (?:data-\d+, ){9}data-\d+ and 3 more$/,
  );
});

test("ignores another invoker's snapshots, those of another namespace, and those without our annotations", () => {
  const bare = made('s-4', 'data', { created: at(0) });
  const others = [
    made('s-0', 'data', { created: at(0), invoker: 'nightly' }),
    made('s-1', 'data', { created: at(0), target: { ...foo, namespace: 'prod' } }),
    foreignSnapshot('data', { name: 'by-hand', created: at(0) }),
    {
      ...bare,
      metadata: {
        ...bare.metadata,
        labels: { ...bare.metadata.labels, [label.invokerType]: 'BackupBatch' },
      },
    },
    { ...bare, metadata: { ...bare.metadata, annotations: {} } },
    ...[annotation.sessionUid, annotation.sessionClaims, annotation.target].map((left) => {
      const annotations = { ...bare.metadata.annotations };
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
      delete annotations[left];
      return { ...bare, metadata: { ...bare.metadata, name: `without-${left}`, annotations } };
    }),
  ];
  const mine = made('s-9', 'data', { created: at(9) });
  const plan = planRetention(invoker, [...others, mine], policy({ keepLast: 1 }));
  assert.deepEqual([names(plan.stay), names(plan.go)], [['data-9'], []]);
  assert.deepEqual(snapshotsOf(invoker, others), []);
});

test('finds the snapshots of an invoker whose name is too long for a label', () => {
  const name = `deploy-${'x'.repeat(80)}`;
  const own = made('s-0', 'data', { invoker: labelValue(name) });
  const near = made('s-1', 'data', { invoker: `deploy-${'x'.repeat(47)}` });
  assert.deepEqual(snapshotsOf({ name, namespace: 'demo' }, [own, near]), [own]);
});

suite('restore points of several claims', () => {
  const claims = ['a', 'b'];
  const both = (session: string, cut: string, later = cut) => [
    made(session, 'a', { claims, cut, created: cut }),
    made(session, 'b', { claims, cut: later, created: later }),
  ];

  test('are deleted as a whole', () => {
    const all = [...both('s-1', at(0)), ...both('s-2', at(100)), ...both('s-3', at(200))];
    assert.deepEqual(gone(all, { keepLast: 1 }), ['a-1', 'a-2', 'b-1', 'b-2']);
  });

  test('are not split by midnight between two of their snapshots', () => {
    const all = [
      ...both('s-1', '2026-03-12T23:59:59Z', '2026-03-13T00:00:01Z'),
      ...both('s-2', '2026-03-13T12:00:00Z'),
      ...both('s-3', '2026-03-14T12:00:00Z'),
    ];
    // By claim b alone, both s-1 and s-2 belong to the 13th.
    assert.deepEqual(gone(all, { keepDaily: 3 }), []);
    assert.deepEqual(gone(all, { keepDaily: 2 }), ['a-1', 'b-1']);
  });

  test('keep as many snapshots of a claim that is no longer part of them as of the others', () => {
    const whole = [1, 2, 3].flatMap((n) => both(`s-${n}`, at(n * 100)));
    const alone = [4, 5, 6].map((n) => made(`s-${n}`, 'a', { cut: at(n * 100) }));
    assert.deepEqual(gone([...whole, ...alone], { keepLast: 2 }), ['a-1', 'a-2', 'a-3', 'a-4', 'b-1']);
  });

  test('an incomplete one does not count, and is deleted once it is older than the kept ones', () => {
    const incomplete = made('s-2', 'a', { claims, cut: at(100) });
    const all = [...both('s-1', at(0)), incomplete, ...both('s-3', at(200))];
    assert.deepEqual(gone(all, { keepLast: 2 }), []);
    assert.deepEqual(gone([...all, ...both('s-4', at(300))], { keepLast: 2 }), ['a-1', 'a-2', 'b-1']);
    const plan = planRetention(invoker, all, policy({ keepLast: 2 }));
    assert.equal(
      plan.stay.find(({ snapshot }) => snapshot === incomplete)?.why,
      'of an incomplete restore point, with none newer',
    );
  });

  test('failed, pending and deleted snapshots do not count', () => {
    const odd = {
      failed: { status: { readyToUse: false, error: { message: 'disk full' } } },
      waiting: { status: { readyToUse: false } },
      leaving: { deleting: true },
    };
    for (const [state, options] of Object.entries(odd)) {
      const all = [
        made('s-1', 'data', { cut: at(0) }),
        made('s-2', 'data', { created: at(100), ...options }),
      ];
      assert.deepEqual(gone(all, { keepLast: 1 }), [], state);
      const newer = made('s-3', 'data', { cut: at(200) });
      assert.deepEqual(gone([...all, newer], { keepLast: 2 }), [], state);
      const expected = state === 'failed' ? ['data-1', 'data-2'] : ['data-1'];
      assert.deepEqual(gone([...all, newer], { keepLast: 1 }), expected, state);
    }
  });

  test('the newest complete one of each target is kept', () => {
    const bar = { ...foo, name: 'bar' };
    const old = made('s-1', 'data', { cut: at(0), target: bar });
    const all = [old, made('s-2', 'data', { cut: at(100) }), made('s-3', 'data', { cut: at(200) })];
    const plan = planRetention(invoker, all, policy({ keepLast: 1 }));
    assert.deepEqual(names(plan.go), ['data-2']);
    assert.deepEqual(
      plan.stay.map(({ why }) => why),
      ['last 1', 'newest complete restore point'],
    );
  });

  test('a second snapshot of one claim and session is a copy, and is left alone', () => {
    const [a, b] = both('s-1', at(0));
    assert.ok(a && b);
    const copy = made('s-1', 'a', { claims, cut: at(0), created: at(50), name: 'copy' });
    assert.deepEqual(gone([a, b, copy, ...both('s-2', at(100))], { keepLast: 1 }), ['a-1', 'b-1']);
  });
});

suite('the plan', () => {
  const claims = ['a', 'b'];
  /** A restore point of claims `a` and `b`, cut at different times. */
  const point = (session: string, a: number, b: number) => [
    made(session, 'a', { claims, cut: at(a) }),
    made(session, 'b', { claims, cut: at(b) }),
  ];
  const inOrder = (snapshots: readonly Stored<VolumeSnapshot>[], rules: Partial<RetentionPolicy>) =>
    planRetention(invoker, snapshots, policy(rules)).stay.map(({ snapshot }) => snapshot.metadata.name);

  test('goes by when each snapshot was cut, not by its session, where sessions overlap', () => {
    const overlapping = [...point('s-1', 10, 1), ...point('s-2', 5, 6)];
    assert.deepEqual(gone(overlapping, { keepLast: 1 }), [], 'a-1 and b-2 are the newest of their claims');
    assert.deepEqual(inOrder(overlapping, { keepLast: 2 }), ['a-1', 'b-2', 'a-2', 'b-1']);
  });

  test('lists those of one second by session, newest first, then by name', () => {
    assert.deepEqual(inOrder([...point('s-1', 10, 5), ...point('s-2', 5, 1)], { keepLast: 2 }), [
      ...['a-1', 'a-2', 'b-1', 'b-2'],
    ]);
    assert.deepEqual(inOrder([...point('s-2', 10, 5), ...point('s-1', 5, 1)], { keepLast: 2 }), [
      ...['a-2', 'b-2', 'a-1', 'b-1'],
    ]);
    const three = ['a', 'b', 'c'];
    const named = ['y', 'z', 'x'].map((name, index) =>
      made('s-1', three[index] ?? '', { claims: three, cut: at(0), name }),
    );
    assert.deepEqual(inOrder(named, { keepLast: 1 }), ['x', 'y', 'z']);
  });

  test('says why each snapshot stays or goes', () => {
    const whys = (snapshots: readonly Stored<VolumeSnapshot>[], rules: Partial<RetentionPolicy>) => {
      const { stay, go } = planRetention(invoker, snapshots, policy(rules));
      return Object.fromEntries([...stay, ...go].map(({ snapshot, why }) => [snapshot.metadata.name, why]));
    };
    const split = [...point('s-1', 5, 100_000), ...point('s-2', 200_000, 200_000)];
    assert.deepEqual(whys(split, { keepDaily: 2, keepLast: 1 }), {
      ...{ 'a-1': 'daily 2024-11-24', 'b-1': 'daily 2024-11-25' },
      ...{ 'a-2': 'last 1', 'b-2': 'last 1' },
    });
    const midnight = 18 * 3600;
    const across = [...point('s-1', midnight - 1, midnight), ...point('s-2', midnight + 9, midnight + 9)];
    assert.equal(whys(across, { keepDaily: 2 })['b-1'], 'goes with a-1');
    assert.equal(whys(across, {})['a-1'], 'the policy keeps all');
    assert.equal(whys(across, { keepLast: 1 })['a-1'], 'no rule keeps it');
    const odd = [
      made('s-1', 'data', { created: at(0), deleting: true }),
      made('s-2', 'data', { created: at(0), status: { readyToUse: false } }),
      ...['data-3', 'copy'].map((name) => made('s-3', 'data', { cut: at(0), name })),
    ];
    const newer = made('s-4', 'data', { cut: at(9) });
    const { 'data-3': either, copy, ...rest } = whys([...odd, newer], { keepLast: 1 });
    assert.deepEqual(rest, { 'data-1': 'being deleted', 'data-2': 'not ready yet', 'data-4': 'last 1' });
    assert.deepEqual([either, copy].sort(), ['a copy', 'no rule keeps it']);
  });

  test('claims that are not always taken together are kept and deleted apart', () => {
    const older = made('s-0', 'a', { cut: at(0) });
    const newer = made('s-2', 'b', { cut: at(20) });
    assert.deepEqual(gone([older, ...point('s-1', 10, 10), newer], { keepLast: 1 }), ['a-0', 'b-1']);
  });

  test('a snapshot that stays in any case keeps no other of its session', () => {
    const old = [
      made('s-1', 'a', { claims, created: at(10), status: { readyToUse: false } }),
      made('s-1', 'b', { claims, created: at(0), status: { error: { message: 'disk full' } } }),
    ];
    assert.deepEqual(gone([...old, ...point('s-2', 5, 5)], { keepLast: 1 }), ['b-1']);
  });
});

suite('whatever there is', () => {
  // At most hours apart, so that points share buckets and cross their borders.
  const time = fc
    .integer({ min: 0, max: 60 })
    .map((n) => new Date(Date.UTC(2026, 11, 27) + n * 1_200_000).toISOString());
  const state = fc.constantFrom(
    'ready',
    'ready',
    'ready',
    'ready',
    'pending',
    'failed',
    'deleting',
    'absent',
  );
  const session = fc.record({
    claims: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
    times: fc.tuple(time, time, time),
    states: fc.tuple(state, state, state),
    target: fc.constantFrom(foo, foo, foo, { ...foo, name: 'bar' }),
    of: fc.constantFrom(invoker.name, invoker.name, invoker.name, 'nightly'),
  });
  const world = fc.array(session, { maxLength: 12 }).map((sessions) =>
    sessions.flatMap(({ claims, times, states, target, of }, index) =>
      claims.flatMap((claim, place) => {
        const cut = times[place] ?? at(0);
        const condition = states[place];
        if (condition === 'absent') return [];
        const status =
          condition === 'pending'
            ? { readyToUse: false }
            : condition === 'failed'
              ? { error: { message: 'no' } }
              : { ...ready, creationTime: cut };
        const deleting = condition === 'deleting';
        return made(`s-${index}`, claim, { claims, target, invoker: of, created: cut, status, deleting });
      }),
    ),
  );
  const count = fc.integer({ min: 0, max: 4 });
  const counts = fc.record(
    {
      keepLast: count,
      keepHourly: count,
      keepDaily: count,
      keepWeekly: count,
      keepMonthly: count,
      keepYearly: count,
    },
    { requiredKeys: [] },
  );

  const check = (
    name: string,
    property: (all: Stored<VolumeSnapshot>[], rules: Partial<RetentionPolicy>) => void,
  ) => {
    void test(name, () => {
      fc.assert(fc.property(world, counts, property), { numRuns: 400 });
    });
  };

  check('each snapshot of the invoker is in the plan once, and none of another invoker', (all, rules) => {
    const { stay, go } = planRetention(invoker, all, policy(rules));
    assert.deepEqual(
      names([...stay, ...go]),
      names(snapshotsOf(invoker, all).map((snapshot) => ({ snapshot }))),
    );
    for (const { snapshot } of go) assert.equal(snapshot.metadata.labels?.[label.invokerName], invoker.name);
  });

  check(
    'no snapshot of the newest complete restore point is deleted, nor one that is pending or being deleted',
    (all, rules) => {
      const goes = new Set(gone(all, rules));
      const mine = snapshotsOf(invoker, all);
      const newest = restorePoints(mine, []).find(({ completeness }) => completeness === 'complete');
      for (const { snapshot } of newest?.claims ?? []) assert.ok(!goes.has(snapshot?.metadata.name ?? ''));
      for (const { metadata, status } of mine.filter(({ metadata }) => goes.has(metadata.name))) {
        assert.equal(metadata.deletionTimestamp, undefined);
        assert.ok(status?.readyToUse === true || status?.error !== undefined);
      }
    },
  );

  check('applied to the remaining snapshots, a policy deletes none', (all, rules) => {
    const goes = new Set(gone(all, rules));
    const left = all.filter(({ metadata }) => !goes.has(metadata.name));
    assert.deepEqual(gone(left, rules), []);
  });

  check('the order of the list does not matter', (all, rules) => {
    assert.deepEqual(
      planRetention(invoker, all.toReversed(), policy(rules)),
      planRetention(invoker, all, policy(rules)),
    );
  });

  test('a larger policy never removes more', () => {
    const more = fc.record({
      field: fc.constantFrom(
        'keepLast',
        'keepHourly',
        'keepDaily',
        'keepWeekly',
        'keepMonthly',
        'keepYearly',
      ),
      by: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(world, counts, more, (all, rules, { field, by }) => {
        // A policy without rules keeps all: it is the largest.
        fc.pre(hasRules(policy(rules)));
        const larger = { ...rules, [field]: (rules[field] ?? 0) + by };
        const smaller = new Set(gone(all, rules));
        for (const name of gone(all, larger)) assert.ok(smaller.has(name), name);
      }),
      { numRuns: 400 },
    );
  });

  check('restore points of the very same claims stay whole or go whole', (all, rules) => {
    const whole = all.filter(
      ({ metadata }) => metadata.annotations?.[annotation.sessionClaims] === '["a","b"]',
    );
    const complete = restorePoints(snapshotsOf(invoker, whole), []).filter(
      (it) => it.completeness === 'complete',
    );
    const only = complete.flatMap(({ claims }) => claims.flatMap(({ snapshot }) => snapshot ?? []));
    const goes = new Set(gone(only, rules));
    for (const { claims } of complete) {
      assert.equal(new Set(claims.map(({ snapshot }) => goes.has(snapshot?.metadata.name ?? ''))).size, 1);
    }
  });
});

suite('a policy deletes only what its own line made', () => {
  const by = (maker: string | undefined) =>
    [0, 1, 2].map((index) => {
      const one = made(`s-${index}`, 'data', { cut: at(index), created: at(index) });
      const others = Object.entries(one.metadata.annotations ?? {}).filter(
        ([key]) => key !== annotation.madeBy,
      );
      const annotations = {
        ...Object.fromEntries(others),
        ...(maker !== undefined && { [annotation.madeBy]: maker }),
      };
      return { ...one, metadata: { ...one.metadata, annotations } };
    });
  const rows: readonly [string | undefined, Line][] = [
    ['schedule', 'schedule'],
    ['user:jane', 'user'],
    ['user:', 'user'],
    [undefined, 'user'],
    ['Schedule', 'user'],
    ['', 'user'],
  ];
  for (const [maker, line] of rows) {
    test(`made by ${maker ?? 'somebody unknown'}: ${line}`, () => {
      const other = line === 'user' ? 'schedule' : 'user';
      const keepLast = policy({ keepLast: 1 });
      assert.deepEqual(names(planRetention(invoker, by(maker), keepLast, line).go), ['data-0', 'data-1']);
      assert.deepEqual(planRetention(invoker, by(maker), keepLast, other), { stay: [], go: [] });
    });
  }

  test('many snapshots taken by hand push none of the schedule out, and the other way round', () => {
    const scheduled = series(at(0), at(1));
    const many = Array.from({ length: 50 }, (_, index) => {
      const one = made(`h-${index}`, 'data', { name: `hand-${index}`, cut: at(10 + index) });
      const annotations = { ...one.metadata.annotations, [annotation.madeBy]: 'user:jane' };
      return { ...one, metadata: { ...one.metadata, annotations } };
    });
    const all = [...scheduled, ...many];
    assert.deepEqual(names(planRetention(invoker, all, policy({ keepLast: 2 })).go), []);
    assert.equal(planRetention(invoker, all, policy({ keepLast: 2 }), 'user').go.length, 48);
  });
});

suite('a mark keeps a restore point, whatever the rules say', () => {
  const marked = (annotations: Record<string, string>) =>
    series(at(0), at(1), at(2)).map((one, index) => ({
      ...one,
      metadata: {
        ...one.metadata,
        annotations: { ...one.metadata.annotations, ...(index === 0 && annotations) },
      },
    }));
  const now = at(3_600);
  const rows: readonly [string, Record<string, string>, string | undefined][] = [
    ['pinned', { [annotation.pinned]: 'true' }, 'pinned'],
    ['not pinned', { [annotation.pinned]: 'false' }, undefined],
    ['kept until later', { [annotation.keepUntil]: at(3_601) }, `kept until ${at(3_601)}`],
    ['kept until now', { [annotation.keepUntil]: now }, undefined],
    ['kept until before', { [annotation.keepUntil]: at(5) }, undefined],
    ['kept until no time', { [annotation.keepUntil]: 'next year' }, 'pinned'],
  ];
  for (const [name, annotations, why] of rows) {
    test(name, () => {
      const { stay, go } = planRetention(invoker, marked(annotations), policy({ keepLast: 1 }));
      assert.deepEqual(names(go), why === undefined ? ['data-0', 'data-1'] : ['data-1']);
      assert.deepEqual(
        stay.filter(({ snapshot }) => snapshot.metadata.name === 'data-0').map((one) => one.why),
        why === undefined ? [] : [why],
      );
    });
  }

  test('one pinned snapshot keeps the others of its restore point', () => {
    const claims = ['data', 'logs'];
    const both = claims.map((claim) => made('s-0', claim, { claims, cut: at(0) }));
    const [first, second] = both;
    assert.ok(first && second);
    const annotations = { ...first.metadata.annotations, [annotation.pinned]: 'true' };
    const pinned = { ...first, metadata: { ...first.metadata, annotations } };
    const newer = claims.map((claim) => made('s-1', claim, { claims, cut: at(1) }));
    assert.deepEqual(gone([pinned, second, ...newer], { keepLast: 1 }), []);
  });
});

test('what a session is going to restore stays, and fills no place in a rule', () => {
  const all = series(at(0), at(1), at(2), at(3));
  const plan = (...used: string[]) =>
    planRetention(invoker, all, policy({ keepLast: 2 }), 'schedule', new Set(used));
  assert.deepEqual(names(plan().go), ['data-0', 'data-1']);
  assert.deepEqual(names(plan('data-0').go), ['data-1']);
  assert.deepEqual(names(plan('data-3').go), ['data-0']);
  assert.deepEqual(
    plan('data-0')
      .stay.filter(({ snapshot }) => snapshot.metadata.name === 'data-0')
      .map(({ why }) => why),
    ['being restored'],
  );
});

test('a session that failed fills no place, though its snapshots are ready; it goes when newer ones fill it', () => {
  const failed = (index: number) => {
    const one = made(`s-${index}`, 'data', { cut: at(index), created: at(index) });
    const annotations = { ...one.metadata.annotations, [annotation.sessionFailed]: 'postBackup failed' };
    return { ...one, metadata: { ...one.metadata, annotations } };
  };
  const good = made('s-1', 'data', { cut: at(1), created: at(1) });
  assert.deepEqual(gone([good, failed(2)], { keepLast: 1 }), []);
  assert.deepEqual(gone([failed(0), good], { keepLast: 1 }), ['data-0']);
});

test('what a user made to be kept until a time goes with the policy of the schedule after it, unless it is the best', () => {
  const until = at(1_000);
  const byUser = (index: number) => {
    const one = made(`h-${index}`, 'data', { name: `hand-${index}`, cut: at(index), created: at(index) });
    const marks = { [annotation.madeBy]: 'user:jane', [annotation.keepUntil]: until };
    return { ...one, metadata: { ...one.metadata, annotations: { ...one.metadata.annotations, ...marks } } };
  };
  const gone = (all: readonly Stored<VolumeSnapshot>[], now: string, rules: Partial<RetentionPolicy>) =>
    names(
      planLine(invoker, all, policy(rules), { line: 'schedule', now: new Date(now), inUse: new Set() }).go,
    );
  const all = [byUser(0), byUser(5), ...series(at(3))];
  assert.deepEqual(gone(all, at(999), { keepLast: 1 }), []);
  assert.deepEqual(gone(all, until, { keepLast: 1 }), ['hand-0']);
  assert.deepEqual(gone([...all, made('s-9', 'data', { cut: at(9) })], until, { keepLast: 2 }), [
    'hand-0',
    'hand-5',
  ]);
  assert.deepEqual(gone(all, until, {}), []);
});
