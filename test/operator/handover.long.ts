import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { leases } from '#src/api/resources.ts';
import { StashError } from '#src/errors.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { ask, messages } from './ask.ts';
import { eventually } from './eventually.ts';
import { looking, type Look } from './looking.ts';
import { openStand } from './stand.ts';
import { startOperator, type StartedOperator } from './start.ts';

const stand = await openStand();
after(() => stand[Symbol.asyncDispose]());
const { cluster } = stand.sandbox;
const { kubeconfig } = stand;
await stand.configuration('before');
const clock = scaledClock(20);

// leader-election.long.ts asserts how long a handover takes, with a simulated clock.
const handovers = [
  [
    'is killed',
    (leader: StartedOperator) => {
      leader.kill();
    },
  ],
  [
    'freezes',
    (leader: StartedOperator) => {
      leader.freeze();
    },
  ],
  ['stops', (leader: StartedOperator) => leader.stop()],
] as const;

for (const [name, strike] of handovers) {
  test(`when the leader ${name}, the standby continues all of its work`, async () => {
    const looks: Look[] = [];
    const options = { kubeconfig, clock, reconcilers: [looking(looks)] };
    await using leader = await startOperator(options);
    await eventually(() => looks.length > 0);
    await using other = await startOperator(options);
    await eventually(() => messages(other).includes('standing by'));
    assert.deepEqual(await ask(other, '/readyz'), [200, 'ok\n']);
    assert.match((await ask(other, '/metrics'))[1], /^stash_leader 0$/m);
    await strike(leader);
    await eventually(() => looks.some(({ id }) => id === other.id));
    if (name === 'freezes') {
      leader.thaw();
      await eventually(() => messages(leader).includes('no longer leading'));
      const before = looks.length;
      await stand.configuration('after-the-thaw');
      await eventually(() => looks.length > before);
      assert.deepEqual(
        looks.slice(before).map(({ id }) => id),
        [other.id],
      );
    }
  });
}

test('a leader that loses its Lease ends its work and becomes a candidate again in the same process', async () => {
  const looks: Look[] = [];
  const signals: AbortSignal[] = [];
  await using operator = await startOperator({
    kubeconfig,
    reconcilers: [
      looking(looks, (_key, signal) => {
        signals.push(signal);
        return Promise.resolve(undefined);
      }),
    ],
  });
  await eventually(() => looks.length > 0);
  const before = looks.length;
  const spec = { holderIdentity: 'a stranger', leaseDurationSeconds: 5 };
  await cluster.patch(leases, { name: 'kubectl-stash-operator', namespace: 'default' }, { spec });
  await eventually(() => looks.length > before);
  assert.equal(signals[0]?.aborted, true);
  assert.ok(messages(operator).includes('no longer leading'));
  assert.equal(signals.at(-1)?.aborted, false);
  await operator.stop();
});

test('an outage ends the term, not the process', async () => {
  const looks: Look[] = [];
  let isDown = true;
  const down = () =>
    isDown ? Promise.reject(new StashError('unreachable', 'no response')) : Promise.resolve();
  const through = (real: typeof cluster): typeof cluster => ({
    ...real,
    groups: () => down().then(() => real.groups()),
    get: (...a) => down().then(() => real.get(...a)),
    create: (...a) => down().then(() => real.create(...a)),
    patch: (...a) => down().then(() => real.patch(...a)),
  });
  await using operator = await startOperator({ kubeconfig, clock, reconcilers: [looking(looks)], through });
  const logged = (message: string) => messages(operator).includes(message);
  await eventually(() => logged('the API server does not answer'));
  isDown = false;
  await eventually(() => looks.length > 0);
  isDown = true;
  await eventually(() => logged('no longer leading'));
  isDown = false;
  const before = looks.length;
  await eventually(() => looks.length > before);
  assert.equal(await stand.leader(), operator.id);
});
