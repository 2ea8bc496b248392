import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Pod, Stored } from '#src/api/kubernetes.ts';
import {
  deployments,
  jobs,
  namespaces,
  persistentVolumeClaims,
  pods,
  selfSubjectRulesReviews,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { Authenticator } from '#src/cluster/client-node.ts';
import type { Cluster } from '#src/cluster/port.ts';

import { adapter, anonymous, fastClock, rejection } from './adapter.ts';
import { serve, type Answer } from './serve.ts';
import { at, snapshot } from './snapshot.ts';
import { startScriptedApi, status } from './scripted-api.ts';

const snapshotPath = '/apis/snapshot.storage.k8s.io/v1/namespaces/demo/volumesnapshots';

const written: {
  name: string;
  ask: (cluster: Cluster) => Promise<unknown>;
  sends: [string, string, string?, unknown?];
}[] = [
  {
    name: 'get',
    ask: (cluster) => cluster.get(persistentVolumeClaims, 'data', 'demo'),
    sends: ['GET', '/api/v1/namespaces/demo/persistentvolumeclaims/data'],
  },
  {
    name: 'get of a cluster-scoped kind',
    ask: (cluster) => cluster.get(namespaces, 'demo'),
    sends: ['GET', '/api/v1/namespaces/demo'],
  },
  {
    name: 'list',
    ask: (cluster) => cluster.list(pods, { labelSelector: 'a in (b,c)', fieldSelector: 'spec.nodeName=x' }),
    sends: ['GET', '/api/v1/pods?labelSelector=a+in+%28b%2Cc%29&fieldSelector=spec.nodeName%3Dx&limit=3'],
  },
  {
    name: 'create',
    ask: (cluster) => cluster.create(volumeSnapshots, snapshot),
    sends: ['POST', `${snapshotPath}?fieldManager=kubectl-stash`, 'application/json', snapshot],
  },
  {
    name: 'create --dry-run=server',
    ask: (cluster) => cluster.create(volumeSnapshots, snapshot, { dryRun: true }),
    sends: ['POST', `${snapshotPath}?fieldManager=kubectl-stash&dryRun=All`, 'application/json', snapshot],
  },
  {
    name: 'merge patch of the status',
    ask: (cluster) => cluster.patch(volumeSnapshots, at, { status: {} }, { subresource: 'status' }),
    sends: [
      'PATCH',
      `${snapshotPath}/data-1/status?fieldManager=kubectl-stash`,
      'application/merge-patch+json',
      { status: {} },
    ],
  },
  {
    name: 'JSON patch',
    ask: (cluster) => cluster.patch(volumeSnapshots, at, [], { type: 'json' }),
    sends: ['PATCH', `${snapshotPath}/data-1?fieldManager=kubectl-stash`, 'application/json-patch+json', []],
  },
  {
    name: 'apply',
    ask: (cluster) => cluster.patch(volumeSnapshots, at, snapshot, { type: 'apply' }),
    sends: [
      'PATCH',
      `${snapshotPath}/data-1?fieldManager=kubectl-stash&force=true`,
      'application/apply-patch+yaml',
      snapshot,
    ],
  },
  {
    name: 'delete',
    ask: (cluster) =>
      cluster.delete(volumeSnapshots, at, { uid: 'u', propagation: 'Foreground', gracePeriodSeconds: 0 }),
    sends: [
      'DELETE',
      `${snapshotPath}/data-1`,
      'application/json',
      {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid: 'u' },
        propagationPolicy: 'Foreground',
        gracePeriodSeconds: 0,
      },
    ],
  },
];

for (const { name, ask, sends } of written) {
  test(`sends: ${name}`, async () => {
    await using api = await serve(() => ({ body: { metadata: {}, items: [] } }));
    await ask(adapter(api.url));
    const [one] = api.asked;
    const [method, path, type, body] = sends;
    assert.deepEqual(
      [
        one?.method,
        one?.path,
        one?.headers['content-type'],
        one?.body === '' ? undefined : JSON.parse(one?.body ?? ''),
      ],
      [method, path, type, body],
    );
    assert.equal(one?.headers['user-agent'], 'kubectl-stash/test');
    assert.equal(one.headers.accept, 'application/json');
  });
}

test('discovery and version', async () => {
  await using api = await serve(({ path }) => ({
    ...(path === '/apis/apps/v1' && {
      body: { resources: [{ name: 'deployments' }, { name: 'daemonsets' }] },
    }),
    ...(path === '/api/v1' && { body: { resources: [{ name: 'pods' }, { name: 'pods/log' }] } }),
    ...(path === '/apis' && { body: { groups: [{ name: 'apps' }, { name: 'batch' }] } }),
    ...(path === '/version' && { body: { gitVersion: 'v1.36.0' } }),
    ...(path === '/apis/batch/v1' && { code: 404, body: {} }),
  }));
  const cluster = adapter(api.url);
  assert.equal(await cluster.serverVersion(), 'v1.36.0');
  assert.deepEqual(await cluster.groups(), ['apps', 'batch']);
  assert.deepEqual(await cluster.kinds(deployments), ['deployments', 'daemonsets']);
  assert.deepEqual(await cluster.kinds(pods), ['pods']);
  assert.deepEqual(await cluster.kinds(jobs), [], 'a version that the server does not serve');
});

test('requests reuse one connection; concurrent ones are bounded', async () => {
  await using api = await serve(() => ({ body: { metadata: {} } }));
  const cluster = adapter(api.url);
  for (let n = 0; n < 20; n++) await cluster.get(pods, `pod-${n}`, 'demo');
  assert.equal(api.connections(), 1);
  await Promise.all(Array.from({ length: 200 }, (_, n) => cluster.get(pods, `pod-${n}`, 'demo')));
  assert.ok(api.connections() <= 32, String(api.connections()));
  cluster.close();
});

test('a list is read in pages, each item has its kind, and an expired list is restarted', async () => {
  await using api = await startScriptedApi();
  for (let n = 0; n < 8; n++) api.put(`pod-${n}`);
  const cluster = adapter(api.url);
  const whole = await cluster.list(pods, { namespace: 'demo' });
  assert.deepEqual(
    whole.items.map(({ kind, metadata }) => [kind, metadata.name]),
    [...Array(8).keys()].map((n) => ['Pod', `pod-${n}`]),
  );
  assert.equal(whole.resourceVersion, '9');
  assert.equal(api.requests.length, 3);
  const expired = { answer: 410, body: status(410, 'Expired', 'the continue token is too old') };
  api.requests.length = 0;
  const again = cluster.list(pods, { namespace: 'demo' });
  await api.asked(1);
  api.faults.push(expired);
  assert.equal((await again).items.length, 8);
  assert.equal(api.requests.at(-1), 'GET /api/v1/namespaces/demo/pods');
});

test('pages come one by one, and begin anew where the server has dropped their version', async () => {
  await using api = await startScriptedApi();
  for (let n = 0; n < 8; n++) api.put(`pod-${n}`);
  const seen: (readonly [isFirst: boolean, count: number])[] = [];
  const trim = (pod: Stored<Pod>): Stored<Pod> => ({ ...pod, spec: { containers: [] } });
  for await (const { items, isFirst } of adapter(api.url).pages(pods, { namespace: 'demo', trim })) {
    if (seen.length === 1)
      api.faults.push({ answer: 410, body: status(410, 'Expired', 'the continue token is too old') });
    const read = [...items];
    seen.push([isFirst, read.length]);
    assert.ok(read.every(({ kind, spec }) => kind === 'Pod' && spec.containers.length === 0));
  }
  assert.deepEqual(seen, [
    [true, 3],
    [false, 3],
    [true, 8],
  ]);
});

test('the next page is asked for while one is read, and given up where the reader stops', async () => {
  await using api = await startScriptedApi();
  for (let n = 0; n < 8; n++) api.put(`pod-${n}`);
  const cluster = adapter(api.url);
  for await (const { items } of cluster.pages(pods, { namespace: 'demo' })) {
    await api.asked(2);
    assert.equal([...items].length, 3);
    break;
  }
  assert.equal(api.requests.length, 2);
  // The connection that it gave up does not stand in the way of the next request.
  assert.equal((await cluster.list(pods, { namespace: 'demo' })).items.length, 8);
});

test('a server that repeats a page is an error', async () => {
  await using api = await startScriptedApi();
  const page = {
    kind: 'PodList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '1', continue: 'x' },
    items: [],
  };
  api.faults.push(...[1, 2, 3].map(() => ({ answer: 200, body: page })));
  await assert.rejects(adapter(api.url).list(pods, { namespace: 'demo' }), {
    kind: 'server',
    message: 'the server sends the same page of pods again and again',
  });
  assert.equal(api.requests.length, 2);
});

const busy: Answer = { code: 429, headers: { 'Retry-After': '3' } };
const failing: Answer = { code: 503 };
const cut: Answer = { cut: true };
const fine: Answer = { body: { metadata: { name: 'done' } } };
const read = (cluster: Cluster) => cluster.get(volumeSnapshots, 'data-1', 'demo');
const create = (cluster: Cluster) => cluster.create(volumeSnapshots, snapshot);
const patch = (cluster: Cluster) => cluster.patch(volumeSnapshots, at, {});
const remove = (cluster: Cluster) => cluster.delete(volumeSnapshots, at);

const retried: {
  name: string;
  answers: Answer[];
  ask: (cluster: Cluster) => Promise<unknown>;
  asked: number;
  ends: 'well' | 'server' | 'unreachable';
}[] = [
  {
    name: 'a read that fails in the server',
    answers: [failing, failing, fine],
    ask: read,
    asked: 3,
    ends: 'well',
  },
  { name: 'a read whose connection breaks', answers: [cut, cut, fine], ask: read, asked: 3, ends: 'well' },
  { name: 'a read that never succeeds', answers: [failing], ask: read, asked: 5, ends: 'server' },
  { name: 'a read with Retry-After', answers: [busy, fine], ask: read, asked: 2, ends: 'well' },
  { name: 'a create with Retry-After', answers: [busy, busy, fine], ask: create, asked: 3, ends: 'well' },
  {
    name: 'a create that fails in the server',
    answers: [failing, fine],
    ask: create,
    asked: 1,
    ends: 'server',
  },
  {
    name: 'a create that fails in a server that is overloaded',
    answers: [{ code: 503, headers: { 'Retry-After': '3' } }, fine],
    ask: create,
    asked: 1,
    ends: 'server',
  },
  {
    name: 'a create whose connection breaks',
    answers: [cut, fine],
    ask: create,
    asked: 1,
    ends: 'unreachable',
  },
  {
    name: 'a create refused without Retry-After',
    answers: [{ code: 429 }, fine],
    ask: create,
    asked: 1,
    ends: 'server',
  },
  {
    name: 'a patch whose connection breaks',
    answers: [cut, fine],
    ask: patch,
    asked: 1,
    ends: 'unreachable',
  },
  {
    name: 'a delete whose connection breaks',
    answers: [cut, fine],
    ask: remove,
    asked: 1,
    ends: 'unreachable',
  },
];

for (const { name, answers, ask, asked, ends } of retried) {
  test(`${name}: asked ${asked} times, ends ${ends}`, async () => {
    await using api = await serve((_, n) => answers[Math.min(n, answers.length) - 1] ?? fine);
    const clock = fastClock();
    const result = ask(adapter(api.url, { clock }));
    if (ends === 'well') await result;
    else assert.equal((await rejection(result)).kind, ends);
    assert.equal(api.asked.length, asked);
    if (answers[0] === busy) assert.equal(clock.slept[0], 3000);
  });
}

const tooLong: readonly (readonly [
  code: number,
  after: string,
  seconds: number,
  (cluster: Cluster) => Promise<unknown>,
])[] = [
  [429, '3600', 3600, create],
  [429, '3600', 3600, read],
  [503, '1000000000', 1e9, read],
  [500, '3600', 3600, (cluster) => cluster.list(pods)],
];

for (const [code, after, seconds, ask] of tooLong) {
  test(`a ${code} with Retry-After ${after} ends the command at once`, async () => {
    await using api = await serve(() => ({ code, headers: { 'Retry-After': after } }));
    const clock = fastClock();
    const error = await rejection(ask(adapter(api.url, { clock })));
    assert.deepEqual(
      [error.kind, error.code, error.retryAfterSeconds, api.asked.length, clock.slept],
      ['server', code, seconds, 1, []],
    );
  });
}

for (const after of ['-5', '1e9', 'Infinity', '', 'Tue, 01 Dec 2026 04:00:00 GMT']) {
  test(`Retry-After "${after}" is no number of seconds, and counts as left out`, async () => {
    await using api = await serve((_, n) =>
      n === 1 ? { code: 503, headers: { 'Retry-After': after } } : fine,
    );
    const clock = fastClock();
    await read(adapter(api.url, { clock }));
    assert.ok(
      clock.slept.every((delay) => delay > 0 && delay <= 200),
      clock.slept.join(),
    );
    await using busyApi = await serve(() => ({ code: 429, headers: { 'Retry-After': after } }));
    const error = await rejection(create(adapter(busyApi.url, { clock })));
    assert.deepEqual([error.retryAfterSeconds, busyApi.asked.length], [undefined, 1]);
  });
}

test('--request-timeout, and a server that does not answer', async () => {
  await using api = await serve(() => ({ hang: true }));
  const late = await rejection(read(adapter(api.url, { requestTimeout: 20 })));
  assert.equal(late.message, `unreachable server ${api.url}: no answer within 0.02 s`);
  assert.equal(late.hint, 'increase it with --request-timeout');
  const silent = await rejection(read(adapter(api.url, { limits: { silence: 30 } })));
  assert.equal(silent.message, `unreachable server ${api.url}: no answer within 0.03 s`);
});

const reads: Readonly<Record<string, (cluster: Cluster) => Promise<unknown>>> = {
  get: read,
  list: (cluster) => cluster.list(pods),
  groups: (cluster) => cluster.groups(),
  kinds: (cluster) => cluster.kinds(pods),
  serverVersion: (cluster) => cluster.serverVersion(),
  'an access review': (cluster) =>
    cluster.create(selfSubjectRulesReviews, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      metadata: { name: '' },
      spec: { namespace: 'demo' },
    }),
};

for (const [name, ask] of Object.entries(reads)) {
  test(`after an interrupt, ${name} ends its wait for an answer or a retry, and sends no request`, async () => {
    const interrupted = new AbortController();
    await using api = await serve(() => ({ hang: true }));
    const cluster = adapter(api.url, { interrupted: interrupted.signal });
    api.server.once('request', () => {
      interrupted.abort();
    });
    const cutOff = await rejection(ask(cluster));
    assert.deepEqual(
      [cutOff.kind, cutOff.message],
      ['interrupted', `interrupted while waiting for server ${api.url}`],
    );
    assert.equal((await rejection(ask(cluster))).kind, 'interrupted');
    assert.ok(api.asked.length <= 1);
  });
}

test('an interrupt between two attempts ends a read', async () => {
  const interrupted = new AbortController();
  await using api = await serve(() => failing);
  const clock = {
    now: () => new Date(),
    sleep: (_milliseconds: number, signal?: AbortSignal) => {
      assert.equal(signal, interrupted.signal);
      interrupted.abort();
      return Promise.resolve();
    },
  };
  const error = await rejection(read(adapter(api.url, { clock, interrupted: interrupted.signal })));
  assert.deepEqual([error.kind, api.asked.length], ['interrupted', 1]);
});

test('after an interrupt, pending writes finish and new ones are sent, since cleaning up needs them', async () => {
  const interrupted = new AbortController();
  await using api = await serve(() => fine);
  api.server.once('request', () => {
    interrupted.abort();
  });
  const cluster = adapter(api.url, { interrupted: interrupted.signal });
  for (const write of [create, patch, remove]) await write(cluster);
  assert.equal(api.asked.length, 3);
});

test('rejected credentials are renewed once, if they can be', async () => {
  let token = 'old';
  const authenticator: Authenticator = {
    ...anonymous,
    credentials: () => Promise.resolve({ tls: {}, headers: { Authorization: `Bearer ${token}` } }),
    renew: () => {
      const changed = token === 'old';
      token = 'new';
      return changed;
    },
  };
  await using api = await serve(({ headers }) =>
    headers.authorization === 'Bearer new' ? fine : { code: 401 },
  );
  const cluster = adapter(api.url, { authenticator });
  await read(cluster);
  assert.equal(api.asked.length, 2);
  token = 'wrong';
  const error = await rejection(read(cluster));
  assert.equal(error.reason, 'Unauthorized');
  assert.doesNotMatch(JSON.stringify([error.message, error.hint, String(error.cause)]), /wrong$|new/);
});

test('a request for an object without a namespace is a bug', async () => {
  const cluster = adapter('http://127.0.0.1:1');
  assert.equal((await rejection(cluster.get(pods, 'a'))).kind, 'bug');
  assert.equal((await rejection(cluster.delete(pods, { name: '', namespace: 'demo' }))).kind, 'bug');
});

for (const body of [null, [], {}, { metadata: null }]) {
  test(`an answer ${JSON.stringify(body)} is a server's mistake, not an object`, async () => {
    await using api = await serve(() => ({ body }));
    const cluster = adapter(api.url);
    for (const ask of [read, create, patch]) {
      const { kind, message } = await rejection(ask(cluster));
      assert.deepEqual([kind, message], ['server', "the server's answer is not a VolumeSnapshot"]);
    }
  });
}

test('a list of something else is a mistake of the server', async () => {
  await using api = await serve(() => ({ body: { metadata: { resourceVersion: '1' }, items: [null] } }));
  assert.equal((await rejection(adapter(api.url).list(volumeSnapshots))).kind, 'server');
});
