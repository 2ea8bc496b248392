/** Restores in place without rights on volumes: the claims are created again, after a snapshot of the present data. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import {
  backupSessions,
  deployments,
  persistentVolumeClaims,
  persistentVolumes,
  restoreSessions,
  statefulSets,
} from '#src/api/resources.ts';
import { readRecord } from '#src/domain/in-place/record.ts';
import { until } from '#test/support/until.ts';

import { claim, deployment, quiet, statefulSet } from './manifests.ts';
import { read, write, type InPlaceCase } from './marked-data.ts';
import { openPlace, type Place } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();

interface Case extends InPlaceCase {
  readonly storageClass?: string | undefined;
}

const web = { resource: deployments, word: 'deploy/demo', claims: ['data', 'logs'], pods: 1 };
const cases: readonly Case[] = [
  { name: 'a deployment', ...web, workload: quiet(deployment('demo', ['data', 'logs'])), stop: 'scale' },
  { name: 'a deployment', ...web, workload: quiet(deployment('demo', ['data', 'logs'])), stop: 'gate' },
  {
    name: 'a deployment with a class that waits for its pod',
    ...web,
    ...{
      workload: quiet(deployment('demo', ['data', 'logs'])),
      stop: 'scale',
      storageClass: server.waitClass,
    },
  },
  {
    name: 'a statefulset of two',
    ...{ resource: statefulSets, workload: quiet(statefulSet('db', 2, server.storageClass)), word: 'sts/db' },
    ...{ claims: ['source-data-db-0', 'source-data-db-1'], pods: 2, stop: 'scale' },
  },
];

async function setUp(t: TestContext, it: Case): Promise<Place> {
  const place = await openPlace(t, server, { inPlace: 'without-volumes' });
  if (it.resource !== statefulSets)
    for (const name of it.claims)
      await place.create(persistentVolumeClaims, claim(name, it.storageClass ?? server.storageClass));
  await place.create(it.resource, it.workload);
  await write(place, it, 'before');
  await place.succeeds(`snapshot ${it.word} --executor=local`);
  await write(place, it, 'after');
  return place;
}

async function uids(place: Place): Promise<Record<string, string>> {
  const claims = await place.list(persistentVolumeClaims);
  return Object.fromEntries(claims.map(({ metadata }) => [metadata.name, metadata.uid]));
}

await suite('restore in place that recreates the claims', { concurrency: 4 }, () => {
  for (const it of cases) {
    test(`${it.name}, by ${it.stop}: the snapshot's data, then the data from before`, async (t) => {
      const place = await setUp(t, it);
      const before = await uids(place);
      const data = await read(place, it);
      const restore = `restore ${it.word} --in-place --method=recreate --stop=${it.stop} --yes`;
      const { stderr } = await place.succeeds(restore);
      assert.deepEqual(
        await read(place, it),
        data.map((text) => text.replace('after', 'before')),
        stderr,
      );
      const after = await uids(place);
      assert.deepEqual(Object.keys(after), Object.keys(before));
      for (const [name, uid] of Object.entries(before)) assert.notEqual(after[name], uid);
      const [session] = await place.list(restoreSessions);
      assert.equal(session?.status?.phase, 'Succeeded');
      const safety = readRecord(session)?.before ?? '';
      const backup = await server.cluster.get(backupSessions, safety, place.namespace);
      assert.equal(backup.status?.phase, 'Succeeded');

      const undo = await place.stash(`undo ${session.metadata.name} --yes`);
      assert.equal(undo.code, 1, undo.stderr);
      const back = undo.stderr.split('\n').find((line) => line.includes('--method recreate')) ?? '';
      assert.ok(stderr.includes(back.trim().replace(/^hint: /, '')), stderr);
      const words = back.trim().replace(/^.*kubectl stash /, '');
      await place.succeeds(`${words} --stop=${it.stop} --yes`);
      assert.deepEqual(await read(place, it), data);
      await untilVolumes(place, it.claims.length);
    });
  }
});

/** Waits until the controllers have given up all volumes but those of as many claims. */
async function untilVolumes({ namespace }: Place, count: number): Promise<void> {
  await until(
    server.cluster,
    persistentVolumes,
    {},
    (all) =>
      all.filter(({ spec, status }) => spec.claimRef?.namespace === namespace && status?.phase === 'Bound')
        .length === count,
  );
}
