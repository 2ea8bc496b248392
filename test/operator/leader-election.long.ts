import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { leases } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { acquireLeadership, type Leadership } from '#src/operator/leader-election.ts';
import { createApi } from '#src/sandbox/api-server/create-api.ts';
import { createLocalCluster } from '#src/sandbox/api-server/local-cluster.ts';
import { seed } from '#src/sandbox/seed.ts';
import { manualClock, type ManualClock } from '#test/support/clock.ts';

import { mortal, type Life } from './mortal.ts';
import { withOurErrors } from './our-errors.ts';

const lease = { name: 'kubectl-stash-operator', namespace: 'default' };

/** Delays each request by `milliseconds`: half before the API server carries it out, half after. */
function slow(cluster: Cluster, clock: ManualClock, milliseconds: () => number): Cluster {
  const late = async <T>(work: () => Promise<T>): Promise<T> => {
    await clock.sleep(milliseconds() / 2);
    try {
      return await work();
    } finally {
      await clock.sleep(milliseconds() / 2);
    }
  };
  return {
    ...cluster,
    get: (...a) => late(() => cluster.get(...a)),
    create: (...a) => late(() => cluster.create(...a)),
    patch: (...a) => late(() => cluster.patch(...a)),
  };
}

class Candidate {
  readonly id: string;
  readonly life: Life = mortal();
  readonly stopping = new AbortController();
  latency = 0;
  isFrozen = false;
  /** Milliseconds by which its wall clock is set forward. */
  ahead = 0;
  term: Leadership | undefined;
  /** Number of terms as the leader. */
  terms = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** Whether it acts as the leader. */
  get leads(): boolean {
    return this.term?.lost.aborted === false && !this.isFrozen && !this.life.isOver();
  }

  /** Stands for election again after each term, as the operator does. */
  async run(cluster: Cluster, clock: ManualClock, onLead: () => void): Promise<void> {
    const options = {
      cluster: this.life.cluster(slow(cluster, clock, () => this.latency)),
      clock: {
        ...this.life.clock(clock),
        now: () => new Date(clock.now().getTime() + this.ahead),
        monotonic: () => clock.now().getTime(),
      },
      id: this.id,
      ...lease,
      onTrouble: () => undefined,
      random: () => 0.5,
    };
    for (;;) {
      const term = await acquireLeadership(options, this.stopping.signal);
      if (term === undefined) return;
      this.term = term;
      this.terms += 1;
      onLead();
      const { promise, resolve } = Promise.withResolvers<undefined>();
      for (const signal of [term.lost, this.stopping.signal]) {
        signal.addEventListener('abort', () => {
          resolve(undefined);
        });
        if (signal.aborted) resolve(undefined);
      }
      await promise;
      this.term = undefined;
      await term.release();
    }
  }
}

async function election(count: number) {
  const clock = manualClock();
  const local = createLocalCluster(createApi({ now: () => clock.now() }));
  await seed(local, 'test.csi');
  const cluster = withOurErrors(local);
  const candidates = Array.from({ length: count }, (_, n) => new Candidate(`c${n}`));
  const leaders = () => candidates.filter(({ leads }) => leads).map(({ id }) => id);
  const check = () => {
    assert.ok(leaders().length <= 1, `${leaders().join(' and ')} lead at the same time`);
  };
  for (const candidate of candidates) void candidate.run(cluster, clock, check);
  /** Advances the clock in steps that are shorter than all intervals of the election. */
  const pass = async (milliseconds: number) => {
    for (let left = milliseconds; left > 0; left -= 250) {
      await clock.advance(Math.min(250, left));
      check();
    }
  };
  /** Milliseconds until one of them leads. */
  const untilLed = async (): Promise<number> => {
    const began = clock.now().getTime();
    while (leaders().length === 0) {
      assert.ok(clock.now().getTime() - began < 120_000, 'no candidate became the leader');
      await pass(250);
    }
    return clock.now().getTime() - began;
  };
  return {
    ...{ clock, cluster, candidates, leaders, pass, untilLed },
    end: () => {
      for (const { life } of candidates) life.end();
    },
  };
}

const first = <T>(items: readonly T[]): T => {
  const [item] = items;
  assert.ok(item !== undefined);
  return item;
};

test('one of two candidates becomes and stays the leader, and the Lease is as client-go writes it', async () => {
  const { pass, untilLed, candidates, leaders, cluster, end } = await election(2);
  await untilLed();
  const leader = first(leaders());
  await pass(120_000);
  assert.deepEqual(leaders(), [leader]);
  assert.equal(
    candidates.reduce((sum, { terms }) => sum + terms, 0),
    1,
  );
  const { spec = {} } = await cluster.get(leases, lease.name, lease.namespace);
  const { renewTime = '', acquireTime = '', ...rest } = spec;
  assert.deepEqual(rest, { holderIdentity: leader, leaseDurationSeconds: 15, leaseTransitions: 0 });
  assert.match(renewTime, /^2026-03-14T03:0[12]:\d\d\.\d{6}Z$/);
  assert.match(acquireTime, /^2026-03-14T03:00:0\d\.\d{6}Z$/);
  end();
});

type Run = Awaited<ReturnType<typeof election>>;
const ways: [name: string, end: (leader: Candidate, run: Run) => unknown, from: number, to: number][] = [
  [
    'stops',
    (leader) => {
      leader.stopping.abort();
    },
    0,
    3_000,
  ],
  [
    'is killed',
    (leader) => {
      leader.life.end();
    },
    12_000,
    20_000,
  ],
  [
    'freezes',
    (leader) => {
      leader.life.freeze();
      leader.isFrozen = true;
    },
    12_000,
    20_000,
  ],
  [
    'is cut off',
    (leader) => {
      leader.latency = 1e9;
    },
    12_000,
    20_000,
  ],
];

for (const [name, strike, from, to] of ways) {
  test(`when a leader ${name}, the other candidate takes over`, async () => {
    const run = await election(2);
    await run.untilLed();
    await run.pass(7_000);
    const leader = first(run.candidates.filter(({ leads }) => leads));
    strike(leader, run);
    await run.pass(250);
    while (leader.leads) await run.pass(250);
    const without = await run.untilLed();
    assert.notDeepEqual(run.leaders(), [leader.id]);
    // A leader that is cut off must step down before another may take over.
    const since = name === 'is cut off' ? without + 10_000 : without;
    assert.ok(since >= from && since <= to, `${since} ms`);
    if (name === 'freezes') {
      leader.isFrozen = false;
      leader.life.thaw();
      await run.pass(1_000);
      assert.equal(leader.leads, false);
    }
    run.end();
  });
}

test('deleting or taking the Lease ends the term, and never are there two leaders', async () => {
  const run = await election(2);
  await run.untilLed();
  await run.pass(5_000);
  const before = first(run.candidates.filter(({ leads }) => leads)).term;
  await run.cluster.delete(leases, lease);
  await run.pass(2_500);
  assert.equal(before?.lost.aborted, true, 'still leads without a Lease');
  await run.untilLed();
  await run.cluster.patch(leases, lease, { spec: { holderIdentity: 'a stranger' } });
  await run.pass(2_500);
  assert.deepEqual(run.leaders(), []);
  assert.ok((await run.untilLed()) >= 12_000, 'the stranger was not given its time');
  run.end();
});

test('a leader that is cut off steps down in time even if its clock is set back', async () => {
  const run = await election(2);
  await run.untilLed();
  await run.pass(7_000);
  const leader = first(run.candidates.filter(({ leads }) => leads));
  leader.latency = 1e9;
  leader.ahead = -3_600_000;
  await run.pass(10_250);
  assert.equal(leader.leads, false);
  await run.untilLed();
  run.end();
});

test('a candidate whose clock is set forward does not take the Lease from the leader', async () => {
  for (let moment = 0; moment < 2_500; moment += 250) {
    const run = await election(2);
    await run.untilLed();
    const leader = first(run.candidates.filter(({ leads }) => leads));
    leader.latency = 3_000;
    await run.pass(7_000 + moment);
    for (const other of run.candidates) if (other !== leader) other.ahead = 3_600_000;
    await run.pass(5_000);
    assert.deepEqual(run.leaders(), [leader.id]);
    run.end();
  }
});

test('a candidate waits for the duration in the Lease', async () => {
  const run = await election(1);
  await run.untilLed();
  const spec = { holderIdentity: 'a stranger', leaseDurationSeconds: 60 };
  await run.cluster.patch(leases, lease, { spec });
  await run.pass(3_000);
  assert.ok((await run.untilLed()) >= 55_000);
  run.end();
});

const index = fc.nat(2);
const step = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), milliseconds: fc.integer({ min: 250, max: 20_000 }) }),
  fc.record({ kind: fc.constantFrom('freeze' as const, 'thaw' as const), index }),
  fc.record({
    kind: fc.constant('latency' as const),
    index,
    milliseconds: fc.integer({ min: 0, max: 90_000 }),
  }),
);

test('whatever freezes and however slow requests get, there are never two leaders, and in the end there is one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const run = await election(3);
      for (const one of steps) {
        if (one.kind === 'pass') {
          await run.pass(one.milliseconds);
          continue;
        }
        const candidate = run.candidates[one.index];
        assert.ok(candidate);
        if (one.kind === 'latency') candidate.latency = one.milliseconds;
        else if (one.kind === 'freeze') {
          candidate.isFrozen = true;
          candidate.life.freeze();
        } else {
          candidate.life.thaw();
          await run.clock.advance(0);
          candidate.isFrozen = false;
        }
      }
      for (const candidate of run.candidates) {
        candidate.latency = 0;
        candidate.life.thaw();
      }
      await run.clock.advance(0);
      for (const candidate of run.candidates) candidate.isFrozen = false;
      // Requests that were sent with a high latency are also answered with it.
      await run.pass(190_000);
      await run.untilLed();
      run.end();
    }),
    { numRuns: 60 },
  );
});
