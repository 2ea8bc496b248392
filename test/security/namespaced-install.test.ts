/**
 * The operator's rights in all namespaces: whoever holds its token could run Jobs as any account of the cluster. An
 * installation for some namespaces has Roles there, and no others.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { Role, RoleBinding } from '#src/api/kubernetes.ts';
import { installationOf } from '#src/domain/install/bindings.ts';
import { operatorManifests } from '#src/domain/install/manifests.ts';
import { isSamePlace, placeOf, placesOfOperator } from '#src/domain/install/removal.ts';
import { StashError } from '#src/errors.ts';
import { jobs } from '#src/api/resources.ts';
import { followedKind } from '#src/operator/follow-kind.ts';
import type { Cluster, WatchEvent } from '#src/cluster/port.ts';
import type { Job } from '#src/api/kubernetes.ts';
import { permissionsOf } from '#test/support/documented-rights.ts';

const anyInstall = fc.record({
  namespace: fc.constantFrom('kubectl-stash', 'demo'),
  image: fc.constant('stash:1'),
  replicas: fc.constant(1),
  runSessions: fc.constantFrom('in-jobs' as const, 'in-process' as const),
  version: fc.constant('v1'),
  watchNamespaces: fc.uniqueArray(fc.constantFrom('demo', 'shop', 'a'), { minLength: 1 }),
});

test('with any watched namespaces: rights in these only, each object once, and the bindings tell them', () => {
  fc.assert(
    fc.property(anyInstall, (options) => {
      const { namespace: home, watchNamespaces } = options;
      const manifests = operatorManifests(options);
      const places = manifests.map(placeOf);
      for (const place of places) assert.equal(places.filter(isSamePlace(place)).length, 1, place.name);
      const objects = manifests.map(({ object }) => object as unknown as Role & RoleBinding);
      const everywhere = objects.filter(({ kind }) => kind.startsWith('Cluster'));
      assert.deepEqual(
        everywhere.map(({ kind, metadata }) => `${kind} ${metadata.name ?? ''}`),
        ['ClusterRole kubectl-stash-snapshot-classes', 'ClusterRoleBinding kubectl-stash-snapshot-classes'],
      );
      assert.deepEqual(permissionsOf(everywhere[0]?.rules ?? []), [
        'list volumesnapshotclasses.snapshot.storage.k8s.io',
        'list storageclasses.storage.k8s.io',
      ]);
      const allowed = new Set<string>([home, ...watchNamespaces]);
      for (const { kind, metadata, roleRef } of objects.filter(({ kind }) => /^Role/.test(kind))) {
        assert.ok(allowed.has(metadata.namespace ?? ''));
        if (kind === 'RoleBinding') {
          assert.equal(roleRef.kind, 'Role');
          const role = objects.find(
            (it) =>
              it.kind === 'Role' &&
              it.metadata.name === roleRef.name &&
              it.metadata.namespace === metadata.namespace,
          );
          assert.ok(role, `${metadata.namespace ?? ''}/${roleRef.name}`);
        }
      }
      const classes = objects.find(({ kind }) => kind === 'ClusterRoleBinding');
      const installed = installationOf(undefined, classes);
      assert.deepEqual(installed, { home, watchNamespaces });
      assert(installed);
      const removed = placesOfOperator(installed);
      for (const place of places.filter(({ resource }) => resource.plural !== 'namespaces')) {
        assert.ok(removed.some(isSamePlace(place)), place.name);
      }
    }),
  );
});

test('only an operator that runs sessions in Jobs may create Jobs', () => {
  const rights = (runSessions: 'in-jobs' | 'in-process') =>
    operatorManifests({ namespace: 'home', image: '', replicas: 1, version: '', runSessions })
      .map(({ object }) => object as unknown as Role)
      .filter(({ kind }) => kind === 'ClusterRole')
      .flatMap(({ rules }) => permissionsOf(rules));
  assert.ok(rights('in-jobs').includes('create jobs.batch'));
  assert.ok(!rights('in-process').includes('create jobs.batch'));
});

test('the Roles of a watched namespace have the rules of the ClusterRoles', () => {
  const rulesOf = (watchNamespaces: string[] | undefined) =>
    operatorManifests({
      ...{ namespace: 'home', image: '', replicas: 1, version: '', runSessions: 'in-jobs', watchNamespaces },
    })
      .map(({ object }) => object as unknown as Role)
      .filter(({ kind, metadata }) => /Role$/.test(kind) && metadata.namespace !== 'home')
      .map(({ metadata, rules }) => [
        metadata.name?.replace('-watched', ''),
        permissionsOf(rules).map((right) => right.replace('bind clusterroles', 'bind roles')),
      ]);
  assert.deepEqual(rulesOf(['demo']), rulesOf(undefined));
});

function job(namespace: string, name: string, version: number) {
  const metadata = { name, namespace, uid: name, resourceVersion: String(version), creationTimestamp: '' };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata };
}

test('a watched namespace whose Role is gone does not stop the others, and is tried again', async () => {
  let isGranted = false;
  const watch = async function* (
    _: unknown,
    { namespace = '' }: { namespace?: string },
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<Job>> {
    await Promise.resolve();
    if (namespace === 'gone' && !isGranted) throw new StashError('forbidden', 'may not list jobs');
    yield { type: 'listed', items: [job(namespace, `in-${namespace}`, 5)], resourceVersion: '5' };
    if (!signal.aborted)
      await new Promise((over) => {
        signal.addEventListener('abort', over);
      });
  };
  const over = new AbortController();
  const refusals: string[] = [];
  const again = Promise.withResolvers<undefined>();
  const cache = followedKind(jobs, {}, (object) => object, {
    namespaces: ['demo', 'gone'],
    afterRefusal: async (namespace) => {
      refusals.push(namespace);
      await again.promise;
    },
  });
  const names = () => [...cache.list()].map(({ metadata }) => metadata.name).sort();
  const following = cache.follow({ watch } as never as Cluster, over.signal);
  await cache.synced;
  assert.deepEqual([names(), refusals], [['in-demo'], ['gone']]);
  assert.deepEqual([cache.isRefused('gone'), cache.isRefused('demo')], [true, false]);
  isGranted = true;
  const seen = new Promise<void>((found) => {
    cache.onChange(() => {
      found();
    });
  });
  again.resolve(undefined);
  await seen;
  assert.deepEqual([names(), cache.isRefused('gone')], [['in-demo', 'in-gone'], false]);
  over.abort();
  await following;
});
