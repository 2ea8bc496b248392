import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';

import { namespaces } from '#src/api/resources.ts';
import { createApi } from '#src/sandbox/api-server/create-api.ts';
import { createLocalCluster } from '#src/sandbox/api-server/local-cluster.ts';
import { openMirror } from '#src/sandbox/controllers/mirror.ts';
import { Retry, startReconciler } from '#src/sandbox/controllers/reconciler.ts';

afterEach(() => {
  mock.timers.reset();
});

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

function start(reconcile: (key: string) => Promise<number | undefined>) {
  mock.timers.enable({ apis: ['setTimeout'] });
  const ending = new AbortController();
  const errors: string[] = [];
  const onError = (key: string, error: unknown) => void errors.push(`${key}: ${String(error)}`);
  return { ...startReconciler({ reconcile, onError, signal: ending.signal }), errors, ending };
}

test('a key is reconciled once at a time, and once more after changes in between', async () => {
  const log: string[] = [];
  const gates: (() => void)[] = [];
  const { enqueue } = start(async (key) => {
    log.push(`+${key}`);
    await new Promise<void>((resolve) => gates.push(resolve));
    log.push(`-${key}`);
    return undefined;
  });
  enqueue('a');
  enqueue('a');
  enqueue('b');
  await settle();
  enqueue('a');
  enqueue('a');
  assert.deepEqual(log, ['+a', '+b']);
  gates[0]?.();
  await settle();
  gates[1]?.();
  gates[2]?.();
  await settle();
  assert.deepEqual(log, ['+a', '+b', '-a', '+a', '-b', '-a']);
});

test('failures are retried with increasing delay, and reported unless a status already does', async () => {
  let tries = 0;
  const failures = [
    new Retry('told'),
    new Error('boom'),
    Object.assign(new Error('x'), { reason: 'Conflict' }),
  ];
  const { enqueue, errors } = start(() => {
    const failure = failures[tries++];
    return failure ? Promise.reject(failure) : Promise.resolve(undefined);
  });
  enqueue('a');
  await settle();
  for (const [wait, expected] of [
    [99, 1],
    [1, 2],
    [199, 2],
    [1, 3],
    [5, 4],
    [60_000, 4],
  ] as const) {
    mock.timers.tick(wait);
    await settle();
    assert.equal(tries, expected, `after ${wait} more`);
  }
  assert.deepEqual(errors, ['a: Error: boom']);
});

test('a key can ask for another reconcile, and none runs after the end', async () => {
  let seen = 0;
  const { enqueue, ending, stopped } = start(() => Promise.resolve(++seen === 1 ? 50 : undefined));
  enqueue('a');
  await settle();
  mock.timers.tick(50);
  await settle();
  assert.equal(seen, 2);
  ending.abort();
  enqueue('a');
  await stopped();
  assert.equal(seen, 2);
});

test('a mirror contains a write at once, and does not restore a deleted object', async () => {
  const cluster = createLocalCluster(createApi({ now: () => new Date(0) }));
  const ending = new AbortController();
  const mirror = openMirror(cluster, namespaces, ending.signal);
  await mirror.synced;
  const changes: string[] = [];
  const came = Promise.withResolvers<undefined>();
  const went = Promise.withResolvers<undefined>();
  mirror.onChange(({ metadata }) => {
    changes.push(metadata.name);
    (mirror.get(metadata.name) ? came : went).resolve(undefined);
  });
  const made = await cluster.create(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'x' },
  });
  mirror.observe(made);
  assert.equal(mirror.get('x')?.metadata.uid, made.metadata.uid);
  await came.promise;
  await cluster.patch(namespaces, { name: 'x' }, { spec: { finalizers: [] } });
  await cluster.delete(namespaces, { name: 'x' });
  await went.promise;
  mirror.observe(made);
  assert.equal(mirror.get('x'), undefined);
  assert.equal(changes[0], 'x');
  ending.abort();
});
