import assert from 'node:assert/strict';
import { test } from 'node:test';

import { loadAll } from 'js-yaml';

import { stashCrds } from '#src/api/crds/index.ts';
import type { CustomResourceDefinition, KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { run } from '#src/cli/run.ts';
import type { Cluster, WatchEvent } from '#src/cluster/port.ts';
import { commands } from '#src/commands/index.ts';
import { StashError } from '#src/errors.ts';
import { manualClock } from '#test/support/clock.ts';
import { testContext } from '#test/support/context.ts';
import { matchGolden } from '#test/support/golden.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

const names = stashCrds.map((crd) => crd.metadata.name ?? '');
const [first = ''] = names;

/** A server that stores definitions only. With `establish`, it serves them at its next watch. */
function server({ establish = true, held = [] as CustomResourceDefinition[] } = {}) {
  const store = new Map<string, KubernetesObject>(held.map((crd) => [crd.metadata.name ?? '', crd]));
  let version = 0;
  const put = (name: string, object: KubernetesObject) => {
    version += 1;
    const metadata = { ...object.metadata, resourceVersion: String(version) };
    store.set(name, { ...object, metadata });
  };
  const cluster = stubCluster({
    get: <T extends KubernetesObject>(_: unknown, name: string) => {
      const found = store.get(name);
      if (!found) return Promise.reject(new StashError('not-found', 'no such definition'));
      return Promise.resolve(found as Stored<T>);
    },
    create: <T extends KubernetesObject>(_: unknown, object: T) => {
      if (object.kind === 'SelfSubjectAccessReview') {
        return Promise.resolve({ ...object, status: { allowed: true } } as KubernetesObject as Stored<T>);
      }
      put(object.metadata.name ?? '', structuredClone(object));
      return Promise.resolve(object as Stored<T>);
    },
    patch: <T extends KubernetesObject>(_: unknown, { name }: { name: string }, patch: unknown) => {
      const { metadata, spec } = patch as CustomResourceDefinition;
      const old = store.get(name) as CustomResourceDefinition;
      const labels = { ...old.metadata.labels, ...metadata.labels };
      const patched = { ...old, metadata: { ...old.metadata, labels }, spec: { ...old.spec, ...spec } };
      put(name, patched);
      return Promise.resolve(patched as KubernetesObject as Stored<T>);
    },
    watch: async function* <T extends KubernetesObject>(_: unknown, __: unknown, signal: AbortSignal) {
      yield { type: 'listed', items: [...store.values()] as Stored<T>[] } satisfies WatchEvent<T>;
      const conditions = [{ type: 'Established', status: 'True' }];
      for (const object of establish ? store.values() : []) {
        const changed = { ...object, status: { conditions } } as KubernetesObject as Stored<T>;
        yield { type: 'changed', object: changed } satisfies WatchEvent<T>;
      }
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
    },
  });
  return { cluster, store };
}

async function install(cluster: Cluster | undefined, ...argv: string[]) {
  const context = testContext(cluster && { cluster });
  const code = await run(['install', ...argv], context, commands);
  return { code, text: context.stdout() + context.stderr() };
}

const lines = (outcome: (name: string) => string) =>
  names.map((name) => `customresourcedefinition.apiextensions.k8s.io/${name} ${outcome(name)}\n`).join('');

test('creates the definitions, and then finds them unchanged', async () => {
  const { cluster, store } = server();
  assert.deepEqual(await install(cluster, '--crds'), { code: 0, text: lines(() => 'created') });
  assert.deepEqual([...store.keys()], names);
  assert.deepEqual(await install(cluster, '--crds'), { code: 0, text: lines(() => 'unchanged') });
});

test("updates an old definition and keeps other managers' labels", async () => {
  const { cluster, store } = server();
  await install(cluster, '--crds');
  const old = store.get(first) as CustomResourceDefinition;
  const labels = { ...old.metadata.labels, team: 'storage' };
  store.set(first, {
    ...old,
    metadata: { ...old.metadata, labels },
    spec: { ...old.spec, versions: [] },
  } as typeof old);
  assert.deepEqual(await install(cluster, '--crds'), {
    code: 0,
    text: lines((name) => (name === first ? 'configured' : 'unchanged')),
  });
  const now = store.get(first) as CustomResourceDefinition;
  assert.deepEqual(now.spec, stashCrds[0]?.spec);
  assert.equal(now.metadata.labels?.['team'], 'storage');
});

test("does not change AppsCode's definitions", async () => {
  for (const metadata of [
    { labels: { 'app.kubernetes.io/name': 'stash' } },
    { labels: { 'app.kubernetes.io/managed-by': 'Helm' } },
    { annotations: { 'meta.helm.sh/release-name': 'stash' } },
  ]) {
    const held = stashCrds.map((crd) => ({
      ...crd,
      metadata: { name: crd.metadata.name ?? '', ...metadata },
    }));
    const { cluster, store } = server({ held, establish: false });
    assert.deepEqual(await install(cluster, '--crds'), {
      code: 0,
      text: lines(() => "skipped (it belongs to AppsCode's Stash)"),
    });
    assert.deepEqual([...store.values()], held);
  }
});

for (const [flag, value, expected] of [
  ['image', '', 'the name of an image'],
  ['image', 'a b', 'the name of an image'],
  ['replicas', '100000000000', '100 or less'],
] as const) {
  test(`refuses --${flag} "${value}" before it writes anything`, async () => {
    const context = testContext({ cluster: stubCluster({}) });
    assert.equal(await run(['install', `--${flag}=${value}`], context, commands), 2);
    assert.equal(context.stderr().split('\n')[0], `error: --${flag} takes ${expected}, not "${value}"`);
  });
}

test('a dry run writes nothing', async () => {
  const { cluster, store } = server({ held: stashCrds.slice(0, 1) });
  assert.deepEqual(await install(cluster, '--crds', '--dry-run=client'), {
    code: 0,
    text: lines((name) => (name === first ? 'configured (dry run)' : 'created (dry run)')),
  });
  assert.equal(store.size, 1);
});

test('prints the definitions without a server', async () => {
  const json = await install(undefined, '--crds', '-o', 'json');
  assert.deepEqual((JSON.parse(json.text) as { items: unknown }).items, structuredClone(stashCrds));
  const yaml = await install(undefined, '--crds', '-o', 'yaml');
  assert.deepEqual(loadAll(yaml.text), structuredClone(stashCrds));
});

test('names the definitions that the server does not serve after a minute', async () => {
  const clock = manualClock();
  const context = testContext({ cluster: server({ establish: false }).cluster, clock });
  const code = run(['install', '--crds'], context, commands);
  await clock.advance(60_000);
  assert.equal(await code, 5);
  matchGolden('install/not-established', context.stderr());
  assert.equal(clock.sleepers(), 0);
});

test('Ctrl-C ends the wait', async () => {
  const interrupt = new AbortController();
  const clock = manualClock();
  const { cluster } = server({ establish: false });
  const context = testContext({ cluster, clock, signal: interrupt.signal });
  const code = run(['install', '--crds'], context, commands);
  await clock.advance(1000);
  interrupt.abort();
  assert.equal(await code, 130);
  matchGolden('install/interrupted', context.stderr());
});
