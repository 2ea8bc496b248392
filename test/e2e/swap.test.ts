/** Restores in place: the volumes of existing claims are replaced, and the volumes that they had are kept. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import {
  daemonSets,
  deployments,
  persistentVolumeClaims,
  persistentVolumes,
  restoreSessions,
  statefulSets,
} from '#src/api/resources.ts';

import { daemonSet, deployment, quiet, statefulSet } from './manifests.ts';
import { read, write, type InPlaceCase } from './marked-data.ts';
import { openPlace, type Place } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();

const cases: readonly InPlaceCase[] = (['scale', 'gate'] as const).flatMap((stop) => [
  {
    name: 'a deployment with two claims',
    ...{ resource: deployments, workload: quiet(deployment('demo', ['data', 'logs'])), word: 'deploy/demo' },
    ...{ claims: ['data', 'logs'], pods: 1, stop },
  },
  {
    name: 'a statefulset of three',
    ...{ resource: statefulSets, workload: quiet(statefulSet('db', 3, server.storageClass)), word: 'sts/db' },
    ...{ claims: [0, 1, 2].map((ordinal) => `source-data-db-${ordinal}`), pods: 3, stop },
  },
  ...(stop === 'scale'
    ? []
    : [
        {
          name: 'a daemonset',
          ...{ resource: daemonSets, workload: quiet(daemonSet('agent', ['data'])), word: 'ds/agent' },
          ...{ claims: ['data'], pods: 1, stop },
        },
      ]),
]);

async function setUp(t: TestContext, it: InPlaceCase): Promise<Place> {
  const place = await openPlace(t, server);
  if (it.resource !== statefulSets) await place.claims(...it.claims);
  await place.create(it.resource, it.workload);
  await write(place, it, 'before');
  await place.succeeds(`snapshot ${it.word} --executor=local`, { identity: undefined });
  await write(place, it, 'after');
  return place;
}

async function volumesOf(place: Place): Promise<Record<string, string | undefined>> {
  const claims = await place.list(persistentVolumeClaims);
  return Object.fromEntries(claims.map(({ metadata, spec }) => [metadata.name, spec.volumeName]));
}

await suite('restore in place', { concurrency: 4 }, () => {
  for (const it of cases) {
    test(`${it.name}, by ${it.stop}: the snapshot's data, then back, then forward again`, async (t) => {
      const place = await setUp(t, it);
      const before = await volumesOf(place);
      const data = await read(place, it);
      const restore = `restore ${it.word} --in-place --stop=${it.stop} --yes`;
      const { stderr } = await place.succeeds(restore, { identity: undefined });
      assert.deepEqual(
        await read(place, it),
        data.map((text) => text.replace('after', 'before')),
        stderr,
      );
      const swapped = await volumesOf(place);
      assert.deepEqual(Object.keys(swapped), Object.keys(before));
      for (const [claim, volume] of Object.entries(before)) {
        assert.notEqual(swapped[claim], volume);
        const kept = await server.cluster.get(persistentVolumes, volume ?? '');
        assert.equal(kept.spec.persistentVolumeReclaimPolicy, 'Retain');
        const used = await server.cluster.get(persistentVolumes, swapped[claim] ?? '');
        assert.equal(used.spec.persistentVolumeReclaimPolicy, 'Delete');
      }
      const [session] = await place.list(restoreSessions);
      assert.equal(session?.status?.phase, 'Succeeded');

      const undo = `undo ${session.metadata.name} --stop=${it.stop} --yes`;
      await place.succeeds(undo, { identity: undefined });
      assert.deepEqual(await read(place, it), data);
      assert.deepEqual(await volumesOf(place), before);
      await place.succeeds(undo, { identity: undefined });
      assert.deepEqual(
        await read(place, it),
        data.map((text) => text.replace('after', 'before')),
      );
      assert.deepEqual(await volumesOf(place), swapped);
      t.after(() => place.giveUpVolumes());
    });
  }

  test('a claim that no pod uses, with the command that restore offers: then back', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('data');
    await place.look(['data'], 'echo before > /source/data/proof');
    await place.succeeds('snapshot pvc/data --executor=local', { identity: undefined });
    await place.look(['data'], 'echo after > /source/data/proof');
    const before = await volumesOf(place);
    const refused = await place.stash('restore pvc/data', { identity: undefined });
    const [, offered = ''] = /^hint: in place, .*\n +kubectl stash (.*)$/m.exec(refused.stderr) ?? [];
    await place.succeeds(`${offered} --yes`, { identity: undefined });
    assert.equal(await place.look(['data'], 'cat /source/data/proof'), 'before');
    const [session] = await place.list(restoreSessions);
    await place.succeeds(`undo ${session?.metadata.name ?? ''} --yes`, { identity: undefined });
    assert.equal(await place.look(['data'], 'cat /source/data/proof'), 'after');
    assert.deepEqual(await volumesOf(place), before);
    t.after(() => place.giveUpVolumes());
  });
});
