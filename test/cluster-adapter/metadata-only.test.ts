import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { deployments, pods } from '#src/api/resources.ts';
import { connect } from '#src/cluster/connect.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { startSandbox } from '#src/sandbox/sandbox.ts';
import { removeTree } from '#src/sandbox/storage/copy.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { adapter, rejection } from './adapter.ts';
import { status } from './scripted-api.ts';
import { serve } from './serve.ts';

const directory = await mkdtemp(join(tmpdir(), 'metadata-only-'));
const sandbox = await startSandbox({ directory });
const { cluster: remote } = await connect(
  { kubeconfig: sandbox.kubeconfig },
  {},
  { clock: scaledClock(), version: 'test' },
);
after(async () => {
  remote.close();
  await sandbox.stop();
  await removeTree(directory);
});

function deployment(name: string) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
    },
  };
}

/** Returns the object's field names and its identity. */
function shape(object: KubernetesObject): unknown {
  const { apiVersion, kind, metadata } = object;
  return [Object.keys(object).sort().join(), apiVersion, kind, metadata.name];
}

const expected = (name: string) => ['apiVersion,kind,metadata', 'apps/v1', 'Deployment', name];

const clusters: readonly (readonly [string, Cluster])[] = [
  ['over HTTPS', remote],
  ['inside the sandbox', sandbox.cluster],
];

for (const [where, cluster] of clusters) {
  test(`a list and a watch of metadata only, ${where}`, async () => {
    const name = where.replaceAll(/\W/g, '').toLowerCase();
    const labelSelector = `app in (${name},${name}-2)`;
    await sandbox.cluster.create(deployments, deployment(name));
    const { items } = await cluster.list(deployments, { metadataOnly: true, labelSelector });
    assert.deepEqual(items.map(shape), [expected(name)]);
    assert.equal(items[0]?.metadata.labels?.['app'], name);

    const over = new AbortController();
    const told: unknown[] = [];
    for await (const event of cluster.watch(
      deployments,
      { metadataOnly: true, labelSelector },
      over.signal,
    )) {
      if (event.type === 'lost') continue;
      if (event.type === 'listed') {
        told.push(event.items.map(shape));
        await sandbox.cluster.create(deployments, deployment(`${name}-2`));
        await sandbox.cluster.delete(deployments, { name, namespace: 'default' });
      } else {
        const seen = [event.type, shape(event.object)];
        if (JSON.stringify(seen) !== JSON.stringify(told.at(-1))) told.push(seen);
      }
      if (event.type === 'deleted') over.abort();
    }
    const changes = told.filter((one) => JSON.stringify(one) !== JSON.stringify(['changed', expected(name)]));
    assert.deepEqual(changes, [
      [expected(name)],
      ['changed', expected(`${name}-2`)],
      ['deleted', expected(name)],
    ]);
  });
}

test('the request asks for metadata only', async () => {
  await using api = await serve(({ path }) => ({
    body: path.includes('watch=true')
      ? '{"type":"ADDED","object":{"kind":"PartialObjectMetadata","metadata":{"name":"a"}}}\n'
      : { kind: 'PartialObjectMetadataList', metadata: { resourceVersion: '1' }, items: [] },
  }));
  const over = new AbortController();
  for await (const event of adapter(api.url).watch(pods, { metadataOnly: true }, over.signal)) {
    if (event.type === 'changed') over.abort();
  }
  assert.deepEqual(
    api.asked.map(({ headers }) => headers.accept),
    [
      'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
      'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
    ],
  );
});

test('whole objects in a list or a watch are refused', async () => {
  const list = { kind: 'PartialObjectMetadataList', metadata: { resourceVersion: '1' }, items: [] };
  const told = {
    kind: 'precondition',
    message: 'the server sends whole pods although only metadata was requested',
  };
  await using plain = await serve(() => ({ body: { ...list, kind: 'PodList' } }));
  const { kind, message } = await rejection(adapter(plain.url).list(pods, { metadataOnly: true }));
  assert.deepEqual({ kind, message }, told);

  await using mixed = await serve(({ path }) => ({
    body: path.includes('watch=true')
      ? '{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"a","resourceVersion":"2"}}}\n'
      : list,
  }));
  const follow = async () => {
    const { signal } = new AbortController();
    for await (const event of adapter(mixed.url).watch(pods, { metadataOnly: true }, signal)) {
      assert.notEqual(event.type, 'changed');
    }
  };
  assert.equal((await rejection(follow())).message, told.message);
});

test('a server without support for metadata-only requests ends the watch', async () => {
  const answer = { code: 406, body: status(406, 'NotAcceptable', 'only application/json') };
  await using api = await serve(() => answer);
  const follow = async () => {
    const { signal } = new AbortController();
    for await (const { type } of adapter(api.url).watch(pods, { metadataOnly: true }, signal))
      assert.fail(type);
  };
  const { kind, message } = await rejection(follow());
  assert.deepEqual([kind, message], ['precondition', 'only application/json']);
});
