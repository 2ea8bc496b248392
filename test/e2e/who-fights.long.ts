/** Who would start pods, scale, or create claims again while a restore in place replaces the claims of a workload. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import type { OwnerReference, Pod, PersistentVolumeClaim, Stored, Workload } from '#src/api/kubernetes.ts';
import { deployments, jobs, persistentVolumeClaims, pods, type Resource } from '#src/api/resources.ts';
import { isStashError } from '#src/errors.ts';

import { text } from '#test/support/json-client.ts';

import { openApi } from './conformance/open-api.ts';
import { mergePatch } from './conformance/requests.ts';
import { deployment, mountPath, quiet, reader } from './manifests.ts';
import { openPlace, type Place } from './place.ts';

const api = await openApi();
const { server } = api;
const { cluster } = server;
const administrator = { identity: undefined };
const restore = 'restore deploy/app --in-place --yes';

/** A namespace in which a restore in place has kept volumes: nothing else deletes them. */
async function open(t: TestContext): Promise<Place> {
  const place = await openPlace(t, server);
  t.after(() => place.giveUpVolumes());
  return place;
}

const file = `${mountPath('data')}/proof`;

/** Deployment `app`, snapshotted with `before` in its claim `data`, which holds `after` now. */
async function openApp(t: TestContext): Promise<Place> {
  const place = await open(t);
  await place.claims('data');
  await place.create(deployments, quiet(deployment('app', ['data'])));
  await write(place, 'before');
  await place.succeeds('snapshot deploy/app --executor=local', administrator);
  await write(place, 'after');
  return place;
}

async function write(place: Place, text: string): Promise<void> {
  const [pod = ''] = await place.running('app');
  await place.sh(pod, `echo ${text} > ${file}`);
}

async function read(place: Place, app = 'app'): Promise<string> {
  const [pod = ''] = await place.running(app);
  return place.sh(pod, `cat ${file}`);
}

/** Calls `act` for each object that changes or goes, until the test calls the function that it returns. */
function play<T extends Workload | PersistentVolumeClaim | Pod>(
  place: Place,
  resource: Resource<T>,
  act: (object: Stored<T>, isGone: boolean) => Promise<unknown>,
): () => Promise<void> {
  const stop = new AbortController();
  const playing = (async () => {
    for await (const event of cluster.watch(resource, { namespace: place.namespace }, stop.signal)) {
      if (event.type !== 'changed' && event.type !== 'deleted') continue;
      await act(event.object, event.type === 'deleted').catch((error: unknown) => {
        if (!isStashError(error, 'already-exists', 'conflict', 'not-found')) throw error;
      });
    }
  })();
  return async () => {
    stop.abort();
    await playing;
  };
}

/** Creates the claim again as it was given, as soon as it is gone. */
function recreateClaim(place: Place, gone: Stored<PersistentVolumeClaim>): Promise<unknown> {
  const { accessModes, resources, storageClassName } = gone.spec;
  const spec = { accessModes, resources, storageClassName } as PersistentVolumeClaim['spec'];
  const { name } = gone.metadata;
  return place.create(persistentVolumeClaims, {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
    ...{ metadata: { name }, spec },
  });
}

/** A pod on the claim that no controller of Kubernetes manages. */
async function plant(
  place: Place,
  name: string,
  owners: readonly OwnerReference[] = [],
  more: Partial<Pod['spec']> = {},
): Promise<void> {
  const pod = reader(['data']);
  const metadata = { name, labels: { app: name }, ownerReferences: [...owners] };
  await place.create(pods, { ...pod, metadata, spec: { ...pod.spec, ...more } });
}

/** A Job whose pod uses the claim, and does not end. */
async function startJob(place: Place, name: string): Promise<void> {
  const { containers, volumes, terminationGracePeriodSeconds } = reader(['data']).spec;
  const spec = { containers, volumes, terminationGracePeriodSeconds, restartPolicy: 'Never' as const };
  await place.create(jobs, {
    ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name } },
    spec: { template: { metadata: { labels: { app: name } }, spec } },
  });
}

await suite('beside a restore in place', { concurrency: 4 }, () => {
  for (const [who, manager, through] of [
    ['a HorizontalPodAutoscaler', 'kube-controller-manager', '/scale'],
    ['KEDA', 'keda-operator', '/scale'],
    ['Argo CD with self-heal', 'argocd-controller', ''],
    ['Flux', 'kustomize-controller', ''],
  ] as const) {
    test(`${who} owns the replicas: they are never changed, and claims that it creates get the new data`, async (t) => {
      const place = await openApp(t);
      const path = `/apis/apps/v1/namespaces/${place.namespace}/deployments/app${through}`;
      const patch = { spec: { replicas: 2 } };
      const patched = await api.send('PATCH', `${path}?fieldManager=${manager}`, patch, mergePatch);
      assert.equal(patched.code, 200);
      await place.running('app', 2);
      const seen = new Set<number | undefined>();
      let recreated = 0;
      const ends = [
        play(place, deployments, async ({ metadata, spec }) => {
          seen.add(spec.replicas);
          if (spec.replicas !== 2)
            await cluster.patch(deployments, { ...metadata, namespace: place.namespace }, patch);
        }),
        play(place, persistentVolumeClaims, async (claim, isGone) => {
          if (!isGone || claim.metadata.name !== 'data') return;
          recreated += 1;
          await recreateClaim(place, claim);
        }),
      ];
      const { stderr } = await place.succeeds(restore, administrator);
      assert.match(
        stderr.replaceAll(/\s+/g, ' '),
        new RegExp(`is not scaled: spec.replicas is ${manager}'s`),
      );
      assert.match(stderr, /PodDisruptionBudgets are not asked/);
      await place.running('app', 2);
      assert.equal(await read(place), 'before');
      for (const end of ends) await end();
      assert.deepEqual(
        [...seen].filter((each) => each !== 2),
        [],
      );
      assert.equal(recreated, 1);
    });
  }

  test('a HorizontalPodAutoscaler does nothing at 0: --stop=scale brings the recorded replicas back', async (t) => {
    const place = await openApp(t);
    const path = `/apis/apps/v1/namespaces/${place.namespace}/deployments/app/scale`;
    const at = `${path}?fieldManager=kube-controller-manager`;
    await api.send('PATCH', at, { spec: { replicas: 2 } }, mergePatch);
    await place.running('app', 2);
    await place.succeeds(`${restore} --stop=scale`, administrator);
    await place.running('app', 2);
    assert.equal(await read(place), 'before');
  });

  test('KEDA would scale back from 0: --stop=scale is refused', async (t) => {
    const place = await openApp(t);
    const path = `/apis/apps/v1/namespaces/${place.namespace}/deployments/app/scale`;
    await api.send('PATCH', `${path}?fieldManager=keda-operator`, { spec: { replicas: 2 } }, mergePatch);
    const { code, stderr } = await place.stash(`${restore} --stop=scale`, administrator);
    assert.equal(code, 1);
    assert.match(stderr, /cannot stop the pods by scaling: spec.replicas is keda-operator's/);
  });

  test('a running Job and a bare pod are refused by name, and one that has ended is deleted', async (t) => {
    const place = await openApp(t);
    await startJob(place, 'report');
    await place.running('report');
    const refused = async (words: RegExp, hint: string) => {
      const { code, stderr } = await place.stash(restore, administrator);
      assert.equal(code, 1, stderr);
      assert.match(stderr, words);
      assert(stderr.includes(hint), stderr);
    };
    await refused(
      /pod report-\S+ uses claim data and belongs to job\/report/,
      `kubectl delete job/report -n ${place.namespace}`,
    );
    await cluster.delete(jobs, { name: 'report', namespace: place.namespace }, { propagation: 'Background' });
    await place.until(pods, (all) => all.every(({ metadata }) => metadata.labels?.['app'] !== 'report'));
    await plant(place, 'shell');
    await place.running('shell');
    await refused(
      /pod shell uses claim data, and nothing would create it again/,
      `kubectl delete pod shell -n ${place.namespace}`,
    );
    await place.remove(pods, 'shell');
    const containers = reader(['data'], 'true').spec.containers;
    await plant(place, 'done', [], { containers, restartPolicy: 'Never' });
    await place.until(pods, (all) =>
      all.some(({ metadata, status }) => metadata.name === 'done' && status?.phase === 'Succeeded'),
    );
    const { stderr } = await place.succeeds(restore, administrator);
    assert.match(stderr.replaceAll(/\s+/g, ' '), /pods that have ended are deleted, .*: done/);
    assert.equal(await read(place), 'before');
    assert((await place.list(pods)).every(({ metadata }) => metadata.name !== 'done'));
  });

  test('the next pod of a CronJob waits behind the gate, and starts with the new data', async (t) => {
    const place = await openApp(t);
    let started: Promise<void> | undefined;
    const end = play(place, persistentVolumeClaims, async ({ metadata }, isGone) => {
      if (isGone || metadata.name !== 'data' || metadata.deletionTimestamp === undefined) return;
      await (started ??= startJob(place, 'nightly'));
    });
    await place.succeeds(`${restore} --stop=gate`, administrator);
    assert.equal(await read(place, 'nightly'), 'before');
    await end();
  });

  test('another workload on the claim is refused, and stopped with --also, by undo too', async (t) => {
    const place = await openApp(t);
    await place.create(deployments, quiet(deployment('report', ['data'])));
    await place.running('report');
    const { code, stderr } = await place.stash(restore, administrator);
    assert.equal(code, 1);
    assert.match(stderr, /pod report-\S+ uses claim data and belongs to deployment\/report/);
    assert.match(stderr, /add --also deployment\/report/);
    await place.succeeds(`${restore} --also deploy/report`, administrator);
    assert.deepEqual([await read(place), await read(place, 'report')], ['before', 'before']);
    const { stdout } = await place.succeeds('volumes -o jsonpath={.items[0].session}', administrator);
    const undo = `undo ${stdout.trim()} --yes`;
    const undone = await place.stash(undo, administrator);
    assert.equal(undone.code, 1);
    assert.match(
      undone.stderr,
      /cannot go back: pod report-\S+ uses claim data[^]*add --also deployment\/report/,
    );
    await place.succeeds(`${undo} --also deploy/report`, administrator);
    assert.deepEqual([await read(place), await read(place, 'report')], ['after', 'after']);
  });

  test('the operator of a database creates its pod again: with --yes-operator only', async (t) => {
    const place = await open(t);
    await place.claims('data');
    await cluster.patch(
      persistentVolumeClaims,
      { name: 'data', namespace: place.namespace },
      { metadata: { labels: { 'cnpg.io/cluster': 'pg' } } },
    );
    // No server has the operator's kinds: a kind that is no workload stands for them.
    const made = await api.send('POST', `/api/v1/namespaces/${place.namespace}/configmaps`, {
      metadata: { name: 'pg' },
    });
    const uid = text(made.body['metadata']?.['uid']);
    const owners = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'pg', uid, controller: true }];
    await plant(place, 'app', owners);
    await write(place, 'before');
    await place.succeeds('snapshot pvc/data --executor=local', administrator);
    await write(place, 'after');
    const words = 'restore pvc/data --in-place --yes';
    const { code, stderr } = await place.stash(words, administrator);
    assert.equal(code, 1);
    assert.match(stderr, /the CloudNativePG operator manages these claims for pg/);
    assert.match(stderr, /spec\.bootstrap\.recovery/);
    const end = play(place, pods, async ({ metadata }, isGone) => {
      if (isGone && metadata.name === 'app') await plant(place, 'app', owners);
    });
    await place.succeeds(`${words} --yes-operator`, administrator);
    assert.equal(await read(place), 'before');
    await end();
  });
});
