import assert from 'node:assert/strict';
import { test } from 'node:test';

import { adapter, rejection } from './adapter.ts';
import { status } from './scripted-api.ts';
import { serve, type Answer } from './serve.ts';

const where = { namespace: 'demo', pod: 'job-x1' };

test('requests the log with all options, and returns its text unchanged', async () => {
  const text = 'one\n{"not": "json\n';
  await using api = await serve(() => ({ body: text }));
  const cluster = adapter(api.url);
  assert.equal(await cluster.logs(where), text);
  await cluster.logs({ ...where, container: 'main', tailLines: 5, previous: true });
  assert.deepEqual(
    api.asked.map(({ method, path }) => `${method} ${path}`),
    [
      'GET /api/v1/namespaces/demo/pods/job-x1/log',
      'GET /api/v1/namespaces/demo/pods/job-x1/log?container=main&tailLines=5&previous=true',
    ],
  );
});

test('a container that has not started is an error, and a failing server is retried', async () => {
  const waiting = status(400, 'BadRequest', 'container "main" in pod "job-x1" is waiting to start');
  await using early = await serve(() => ({ code: 400, body: waiting }));
  const refused = await rejection(adapter(early.url).logs(where));
  assert.deepEqual([refused.kind, refused.reason], ['invalid', 'BadRequest']);
  assert.equal(early.asked.length, 1);

  const answers: Answer[] = [{ code: 503 }, { cut: true }, { body: 'at last' }];
  await using busy = await serve((_, n) => answers[n - 1] ?? {});
  assert.equal(await adapter(busy.url).logs(where), 'at last');
});
