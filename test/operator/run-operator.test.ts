import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { backupConfigurations, leases } from '#src/api/resources.ts';
import { StashError } from '#src/errors.ts';
import type { Reconciler } from '#src/operator/reconciler.ts';
import type { ReconcilerFactory } from '#src/operator/run-operator.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { ask, messages } from './ask.ts';
import { eventually } from './eventually.ts';
import { looking, type Look } from './looking.ts';
import { openStand } from './stand.ts';
import { startOperator } from './start.ts';

const stand = await openStand();
after(() => stand[Symbol.asyncDispose]());
const { cluster } = stand.sandbox;
const { kubeconfig } = stand;
await stand.configuration('before');
const clock = scaledClock(20);

test('reconciles existing and new objects, serves its health, and gives its Lease back', async () => {
  const looks: Look[] = [];
  await using operator = await startOperator({ kubeconfig, reconcilers: [looking(looks)] });
  const saw = (wanted: string) => eventually(() => looks.some(({ name }) => name === wanted));
  await saw('before');
  await stand.configuration('later');
  await saw('later');
  assert.equal(await stand.leader(), operator.id);
  assert.deepEqual(await ask(operator, '/healthz'), [200, 'ok\n']);
  assert.deepEqual(await ask(operator, '/readyz'), [200, 'ok\n']);
  const [, metrics] = await ask(operator, '/metrics');
  assert.match(metrics, /^stash_leader 1$/m);
  assert.match(metrics, /^stash_queue_depth\{queue="looking"\} 0$/m);
  await operator.stop();
  assert.equal(await stand.leader(), '');
  assert.deepEqual(messages(operator), [
    'serving health and metrics',
    'standing by',
    'leading',
    'the caches are filled: working',
    'stopped',
  ]);
  await assert.rejects(fetch(operator.url));
});

test('work outside of reconciles ends before another operator may lead', async () => {
  const order: string[] = [];
  const gate = Promise.withResolvers<undefined>();
  const factory: ReconcilerFactory = ({ caches }): Reconciler => ({
    name: 'slow',
    reads: ['configurations'],
    reconcile: (_key, signal) =>
      new Promise((resolve) => {
        order.push('began');
        signal.addEventListener('abort', () => {
          order.push('told');
          void gate.promise.then(() => {
            resolve(undefined);
          });
        });
      }),
    triggers: (enqueue) => {
      caches.configurations.onChange(() => {
        enqueue({ namespace: 'default', name: 'one' });
      });
    },
    stopped: async () => {
      order.push(`given back while ${(await stand.leader()) === operator.id ? 'we lead' : 'nobody leads'}`);
    },
  });
  await using operator = await startOperator({ kubeconfig, reconcilers: [factory] });
  await eventually(() => order.length === 1);
  const stopped = operator.stop();
  await eventually(() => order.length === 2);
  assert.equal(await stand.leader(), operator.id);
  gate.resolve(undefined);
  await stopped;
  assert.deepEqual(order, ['began', 'told', 'given back while we lead']);
  assert.equal(await stand.leader(), '');
});

test('a failed reconcile is logged with its reason, counted, and retried', async () => {
  let failures = 2;
  const looks: Look[] = [];
  await using operator = await startOperator({
    kubeconfig,
    reconcilers: [
      looking(looks, () =>
        failures-- > 0
          ? Promise.reject(new StashError('forbidden', 'it may not', { hint: 'ask somebody' }))
          : Promise.resolve(undefined),
      ),
    ],
  });
  const failed = () => operator.log.filter((line) => line.includes('could not reconcile'));
  await eventually(() => failures < 0 && failed().length === 2);
  const { queue, namespace, error, kind, hint, level } = JSON.parse(failed()[0] ?? '') as Record<
    string,
    string
  >;
  assert.deepEqual(
    { queue, namespace, error, kind, hint, level },
    {
      ...{ queue: 'looking', namespace: 'default', level: 'error' },
      ...{ error: 'it may not', kind: 'forbidden', hint: 'ask somebody' },
    },
  );
  assert.match((await ask(operator, '/metrics'))[1], /^stash_reconcile_errors_total\{queue="looking"\} 2$/m);
  await operator.stop();
});

test('a reconcile that never ends makes it unhealthy', async () => {
  const looks: Look[] = [];
  await using operator = await startOperator({
    kubeconfig,
    clock: scaledClock(10_000),
    leaderElect: false,
    reconcilers: [
      looking(looks, (_key, signal) => {
        const { promise, resolve } = Promise.withResolvers<undefined>();
        signal.addEventListener('abort', () => {
          resolve(undefined);
        });
        return promise;
      }),
    ],
  });
  await eventually(async () => (await ask(operator, '/healthz'))[0] === 503);
  assert.match((await ask(operator, '/healthz'))[1], /^a reconcile has been running for \S+\n$/);
});

test('without leader election it needs no Lease', async () => {
  await cluster.delete(leases, { name: 'kubectl-stash-operator', namespace: 'default' });
  const looks: Look[] = [];
  await using operator = await startOperator({
    kubeconfig,
    leaderElect: false,
    reconcilers: [looking(looks)],
  });
  await eventually(() => looks.length > 0);
  await operator.stop();
  assert.equal(await stand.leader(), undefined);
});

const refusals = [
  [
    "beside AppsCode's operator",
    { groups: () => Promise.resolve(['apps', 'stash.appscode.com', 'admission.stash.appscode.com']) },
    /AppsCode's Stash operator runs in this cluster/,
  ],
  ['without CRDs', { groups: () => Promise.resolve(['apps']) }, /the cluster has no Stash CRDs/],
  [
    'without the right to watch',
    {
      // eslint-disable-next-line @typescript-eslint/require-await
      watch: async function* () {
        yield* [];
        throw new StashError('forbidden', 'user "x" may not list jobs.batch in all namespaces');
      },
    },
    /may not list jobs\.batch/,
  ],
] as const;

for (const [name, broken, message] of refusals) {
  test(`ends with an error ${name}, and leaves nothing open`, async () => {
    const through = (real: typeof cluster) => ({ ...real, ...broken }) as typeof cluster;
    await using operator = await startOperator({ kubeconfig, reconcilers: [], through });
    await assert.rejects(operator.ended, message);
    await assert.rejects(fetch(operator.url));
    assert.ok([undefined, ''].includes(await stand.leader()));
  });
}

test("stops when AppsCode's operator is installed, and reports it", async () => {
  const looks: Look[] = [];
  let asked = 0;
  let hasCome = false;
  const through = (real: typeof cluster): typeof cluster => ({
    ...real,
    async groups() {
      asked += 1;
      const groups = await real.groups();
      return hasCome ? [...groups, 'admission.stash.appscode.com'] : groups;
    },
  });
  const fast = scaledClock(600);
  await using operator = await startOperator({
    ...{ kubeconfig, clock: fast, through, leaderElect: false },
    reconcilers: [looking(looks)],
  });
  await eventually(() => looks.length > 0);
  const before = asked;
  const began = fast.now().getTime();
  hasCome = true;
  await assert.rejects(operator.ended, /AppsCode's Stash operator runs in this cluster/);
  assert.ok(fast.now().getTime() - began <= 12 * 60_000);
  assert.ok(asked - before <= 2, `${asked - before} requests`);
  const last = operator.log.map((line) => JSON.parse(line) as { level: string; msg: string; error?: string });
  const told = last.find(({ level }) => level === 'error');
  assert.equal(told?.msg, "stopping: AppsCode's operator runs in this cluster");
  assert.equal(messages(operator).at(-1), 'stopped');
});

test('when idle, and while watches deliver changes, it sends no requests except for its Lease', async () => {
  const { requests } = stand.sandbox;
  const looks: Look[] = [];
  requests.reset();
  await using operator = await startOperator({ kubeconfig, clock, reconcilers: [looking(looks)] });
  await eventually(() => messages(operator).includes('the caches are filled: working'));
  // The lists are complete; the watches are about to start.
  await eventually(() => requests.count({ verb: 'watch' }) >= 12);
  requests.reset();
  const began = looks.length;
  const labels = { metadata: { labels: { a: 'b' } } };
  await cluster.patch(backupConfigurations, { name: 'before', namespace: 'default' }, labels);
  await eventually(() => looks.length > began);
  await clock.sleep(10_000);
  const [all, forTheLease] = [requests.count(), requests.count({ plural: 'leases' })];
  assert.ok(forTheLease >= 1);
  assert.equal(all, forTheLease);
  await operator.stop();
});
