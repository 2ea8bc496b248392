import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { deployments, jobs, persistentVolumeClaims, pods } from '#src/api/resources.ts';
import { connect } from '#src/cluster/connect.ts';
import { createCaches } from '#src/operator/caches.ts';
import { trimPod } from '#src/domain/operator/trim.ts';
import { trimBookkeeping } from '#src/domain/outline.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { openStand } from './stand.ts';

const stand = await openStand();
const { cluster } = stand.sandbox;
const connection = await connect(
  { kubeconfig: stand.kubeconfig },
  {},
  { clock: scaledClock(), version: 'test' },
);
after(async () => {
  connection.cluster.close();
  await stand[Symbol.asyncDispose]();
});

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

function pod(name: string, labels: Record<string, string>) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels, annotations: { [lastApplied]: '{}', mine: 'yes' } },
    spec: { containers: [{ name: 'main', image: 'busybox', env: [{ name: 'A', value: 'a'.repeat(100) }] }] },
  };
}

test('synced follows all lists: pods and Jobs with our label only, targets as metadata only', async () => {
  await stand.configuration('db');
  const ours = { 'app.kubernetes.io/managed-by': 'kubectl-stash' };
  await cluster.create(pods, pod('ours', ours));
  await cluster.create(pods, pod('theirs', { app: 'web' }));
  const template = {
    spec: { restartPolicy: 'Never' as const, containers: [{ name: 'a', image: 'busybox' }] },
  };
  for (const [name, labels] of [
    ['job', ours],
    ['other', {}],
  ] as const) {
    await cluster.create(jobs, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace: 'default', labels },
      spec: { template },
    });
  }
  await cluster.create(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', annotations: { large: 'x'.repeat(1_000) } },
    spec: {
      replicas: 0,
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: template.spec.containers } },
    },
  });
  await cluster.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });

  const over = new AbortController();
  const { caches, follow, synced } = createCaches();
  const following = follow(connection.cluster, over.signal);
  await synced;
  const names = (cache: { list(): Iterable<Stored<KubernetesObject>> }) =>
    [...cache.list()].map(({ metadata }) => metadata.name);
  assert.deepEqual(names(caches.configurations), ['db']);
  assert.deepEqual(
    names(caches.pods).filter((name) => !name.startsWith('job')),
    ['ours'],
  );
  assert.deepEqual(names(caches.jobs), ['job']);
  assert.deepEqual(names(caches.targets.PersistentVolumeClaim), ['data']);

  const target = caches.targets.Deployment.get('default', 'web');
  assert.deepEqual(Object.keys(target ?? {}), ['apiVersion', 'kind', 'metadata']);
  assert.deepEqual(Object.keys(target?.metadata ?? {}).sort(), [
    ...['creationTimestamp', 'name', 'namespace', 'resourceVersion', 'uid'],
  ]);
  assert.deepEqual([target?.apiVersion, target?.kind], ['apps/v1', 'Deployment']);
  const seen = caches.pods.get('default', 'ours');
  assert.deepEqual(seen?.spec.containers, [{ name: 'main' }]);
  assert.equal(seen.metadata.annotations, undefined);
  over.abort();
  await following;
});

test('trimming keeps all other fields, and does not change the original', () => {
  const metadata = {
    ...{ name: 'a', uid: 'u', resourceVersion: '1', creationTimestamp: 't' },
    annotations: { [lastApplied]: '{}', mine: 'yes' },
    managedFields: [{ manager: 'kubectl' }],
  };
  const object = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: 'n', containers: [] } };
  assert.deepEqual(trimBookkeeping(object).metadata, {
    ...{ name: 'a', uid: 'u', resourceVersion: '1', creationTimestamp: 't' },
    annotations: { mine: 'yes' },
  });
  assert.equal(metadata.annotations[lastApplied], '{}');
  assert.deepEqual(trimPod(object).spec, { nodeName: 'n', containers: [] });
});

test('a permanent error of the API server ends the watches', async () => {
  const refused = new Error('no');
  const refusing = {
    ...connection.cluster,
    // eslint-disable-next-line @typescript-eslint/require-await
    watch: async function* () {
      yield* [];
      throw refused;
    },
  };
  const { signal } = new AbortController();
  await assert.rejects(createCaches().follow(refusing, signal), refused);
});
