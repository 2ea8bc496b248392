/** Metrics: every pod could read them, and whoever read them without pause kept `/healthz` from answering. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { operatorManifests } from '#src/domain/install/manifests.ts';
import { serve } from '#src/operator/serve.ts';
import { sparingly } from '#src/operator/sparingly.ts';

test('the NetworkPolicy admits pods of namespaces with the label only', () => {
  const options = { namespace: 'home', image: '', replicas: 1, runSessions: 'in-jobs', version: '' } as const;
  const policy = operatorManifests(options).find(({ object }) => object.kind === 'NetworkPolicy')?.object;
  const { spec } = policy as unknown as { spec: { ingress: object[] } };
  assert.deepEqual(spec.ingress, [
    {
      from: [{ namespaceSelector: { matchLabels: { 'stash.appscode.com/monitoring': 'true' } } }],
      ports: [{ protocol: 'TCP', port: 'http' }],
    },
  ]);
});

/** As collecting the metrics does, this keeps the process busy. */
function busyFor(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

test('a hundred scrapes at once leave most of the time to a health check', async (t) => {
  const collectingMs = 10;
  let collected = 0;
  const text = () => {
    collected += 1;
    busyFor(collectingMs);
    return Promise.resolve(`number ${collected}\n`);
  };
  const health = {
    healthy: () => undefined,
    ready: () => undefined,
    metrics: { text, contentType: 'text/plain' },
  };
  const server = await serve({ host: '127.0.0.1', port: 0 }, health);
  t.after(() => server.close());
  const began = performance.now();
  const share = () => (collected * collectingMs) / (performance.now() - began + 10 * collectingMs);
  const scrapes = Array.from({ length: 100 }, async () => (await fetch(`${server.url}/metrics`)).text());
  await scrapes[0];
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  assert.ok(share() <= 0.2, `when the health check was answered: ${share()}`);
  const texts = await Promise.all(scrapes);
  assert.ok(texts.every((it) => it.startsWith('number ')));
  assert.ok(share() <= 0.2, `in the end: ${share()}`);
});

test('calls that come while the work runs share the next result, and a failure does not end it', async () => {
  let began = 0;
  let result = Promise.withResolvers<number>();
  const work = sparingly(() => {
    began += 1;
    return result.promise;
  });
  const first = work();
  await setImmediate();
  const others = [work(), work()];
  assert.equal(began, 1);
  const next = Promise.withResolvers<number>();
  const failed = result;
  result = next;
  failed.reject(new Error('no'));
  await assert.rejects(first, /no/);
  next.resolve(2);
  assert.deepEqual(await Promise.all(others), [2, 2]);
  assert.equal(began, 2);
});
