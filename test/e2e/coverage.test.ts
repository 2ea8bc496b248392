/** `coverage`: which claims restore points protect. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  backupConfigurations,
  deployments,
  persistentVolumeClaims,
  pods,
  statefulSets,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { claim, deployment, reader, statefulSet } from './manifests.ts';
import { openPlace, type Place } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();

interface Item {
  readonly metadata: { readonly name: string };
  readonly state: string;
  readonly workloads: readonly { readonly kind: string; readonly name: string }[];
  readonly configurations: readonly { readonly name: string; readonly nextDue?: string }[];
  readonly lastGood?: { readonly name: string };
}

async function covered(place: Place, flags = ''): Promise<Record<string, Item>> {
  const { stdout } = await place.succeeds(`coverage -o json${flags}`);
  const { items } = JSON.parse(stdout) as { items: Item[] };
  return Object.fromEntries(items.map((item) => [item.metadata.name, item]));
}

const statesOf = (items: Record<string, Item>) =>
  Object.fromEntries(Object.entries(items).map(([name, { state }]) => [name, state]));

await suite('coverage', { concurrency: 2 }, () => {
  test('claims are covered by complete restore points, whatever becomes of their sessions', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('one', 'two', 'alone');
    await place.create(deployments, deployment('demo', ['one', 'two']));
    await place.create(statefulSets, statefulSet('db', 2, server.storageClass));
    await place.create(pods, { ...reader(['alone']), metadata: { name: 'reader' } });
    await place.running('demo');
    await place.until(
      persistentVolumeClaims,
      (all) => all.length === 5 && all.every(({ status }) => status?.phase === 'Bound'),
    );

    const first = await covered(place);
    assert.deepEqual(statesOf(first), {
      ...{ one: 'uncovered', two: 'uncovered', alone: 'uncovered' },
      ...{ 'source-data-db-0': 'uncovered', 'source-data-db-1': 'uncovered' },
    });
    assert.deepEqual(first['source-data-db-1']?.workloads, [{ kind: 'StatefulSet', name: 'db' }]);
    assert.deepEqual(first['alone']?.workloads, [{ kind: 'Pod', name: 'reader' }]);

    const { stdout } = await place.succeeds('snapshot deploy/demo --executor=local -o name');
    const session = stdout.trim().replace('backupsession.stash.appscode.com/', '');
    await place.succeeds('snapshot sts/db --executor=local');
    const second = await covered(place);
    assert.deepEqual(statesOf(second), {
      ...{ one: 'covered', two: 'covered', alone: 'uncovered' },
      ...{ 'source-data-db-0': 'covered', 'source-data-db-1': 'covered' },
    });
    const { one } = second;
    assert.equal(one?.lastGood?.name, session);
    assert.deepEqual(
      one.configurations.map(({ name }) => name),
      ['deploy-demo'],
    );

    // A restore point that has lost a snapshot is not complete.
    await place.remove(backupConfigurations, 'deploy-demo');
    const cut = await place.list(volumeSnapshots);
    const lost = cut.find(({ spec }) => spec.source.persistentVolumeClaimName === 'two');
    await place.remove(volumeSnapshots, lost?.metadata.name ?? '');
    const third = await covered(place);
    assert.deepEqual([third['one']?.state, third['two']?.state], ['uncovered', 'uncovered']);
  });

  test('a claim that is ignored is counted only, and --fail-on exits with 1', async (t) => {
    const place = await openPlace(t, server);
    await place.create(
      persistentVolumeClaims,
      claim('cache', server.storageClass, { 'stash.appscode.com/coverage': 'ignore' }),
    );
    await place.claims('data');
    await place.create(pods, { ...reader(['cache', 'data']), metadata: { name: 'reader' } });
    await place.until(
      persistentVolumeClaims,
      (all) => all.length === 2 && all.every(({ status }) => status?.phase === 'Bound'),
    );
    const failing = await place.stash('coverage --fail-on=uncovered');
    assert.equal(failing.code, 1);
    assert.match(failing.stderr, /^1 claim: 1 uncovered, .*; 1 ignored$/m);
    assert.doesNotMatch(failing.stdout, /cache/);
    await place.succeeds('snapshot pvc/data --executor=local');
    await place.succeeds('coverage --fail-on=uncovered,stale,unknown');
  });
});
