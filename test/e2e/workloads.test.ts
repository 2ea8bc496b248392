/** Each kind of workload: takes a snapshot, deletes the claims, restores them and compares the files. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  backupSessions,
  daemonSets,
  deployments,
  persistentVolumeClaims,
  replicaSets,
  statefulSets,
  volumeSnapshots,
} from '#src/api/resources.ts';

import { daemonSet, deployment, statefulSet } from './manifests.ts';
import { openPlace } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();

await suite('every kind of workload can be restored', { concurrency: 8 }, () => {
  test('a deployment with one claim', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('source-data');
    await place.create(deployments, deployment('stash-demo', ['source-data']));
    const [pod = ''] = await place.running('stash-demo');
    await place.sh(pod, 'echo only now > /source/source-data/proof.txt');
    const { stdout, stderr } = await place.succeeds('snapshot deploy/stash-demo');
    assert.match(stdout, /^deployment\/stash-demo snapshotted: its snapshot is ready \(backupsession\//);
    assert.match(stderr, /no operator found in namespace .*: running the session from here/);

    await place.remove(deployments, 'stash-demo');
    await place.remove(persistentVolumeClaims, 'source-data');
    const restored = await place.succeeds('restore deploy/stash-demo');
    assert.match(
      restored.stdout,
      /^claims of deployment\/stash-demo restored: its claim is bound: source-data; deployment\/stash-demo does not exist/,
    );
    const seen = await place.look(['source-data'], 'cd /source/source-data; cat data.txt proof.txt');
    assert.equal(seen, 'sample_data\nonly now');
    await place.create(deployments, deployment('stash-demo', ['source-data']));
    await place.running('stash-demo');
  });

  test('a deployment with several claims', async (t) => {
    const place = await openPlace(t, server);
    const claims = ['source-data', 'more', 'logs.old'];
    await place.claims(...claims);
    await place.create(deployments, deployment('demo', claims.slice(0, 2)));
    await place.create(deployments, deployment('other', claims.slice(2)));
    const [pod = ''] = await place.running('demo');
    await place.sh(pod, 'echo one > /source/source-data/proof; echo two > /source/more/proof');
    const { stdout } = await place.succeeds('snapshot deploy/demo --executor=local');
    assert.match(stdout, /all 2 snapshots are ready/);
    assert.equal(
      (await place.list(volumeSnapshots)).length,
      2,
      'the claim of another workload is not snapshotted',
    );

    await place.remove(deployments, 'demo');
    await place.remove(persistentVolumeClaims, 'source-data', 'more');
    await place.succeeds('restore deploy/demo --executor=local');
    const seen = await place.look(
      ['source-data', 'more'],
      'cat /source/source-data/proof /source/more/proof',
    );
    assert.equal(seen, 'one\ntwo');
  });

  test('a statefulset with three replicas, then one replica alone', async (t) => {
    const place = await openPlace(t, server);
    await place.create(statefulSets, statefulSet('db', 3, server.storageClass));
    const ordinals = [0, 1, 2];
    const claims = ordinals.map((ordinal) => `source-data-db-${ordinal}`);
    const pods = await place.running('db', 3);
    for (const pod of pods) await place.sh(pod, `echo kept of ${pod} > /source/source-data/proof.txt`);
    const taken = await place.succeeds('snapshot sts/db --executor=local -o name');
    assert.match(taken.stdout, /^backupsession\.stash\.appscode\.com\/sts-db-\d+\n$/);
    for (const pod of pods) await place.sh(pod, 'echo lost > /source/source-data/proof.txt');

    const racing = await place.stash('restore sts/db --executor=local');
    assert.equal(racing.code, 1);
    await place.scale(statefulSets, 'db', 0);
    await place.remove(persistentVolumeClaims, ...claims);
    await place.succeeds('restore sts/db --executor=local');
    await place.scale(statefulSets, 'db', 3);
    for (const pod of await place.running('db', 3)) {
      assert.equal(await place.sh(pod, 'cat /source/source-data/proof.txt'), `kept of ${pod}`);
      assert.equal(await place.sh(pod, 'cat /source/source-data/data.txt'), pod);
      await place.sh(pod, 'echo newer > /source/source-data/proof.txt');
    }

    await place.scale(statefulSets, 'db', 1);
    await place.remove(persistentVolumeClaims, 'source-data-db-1');
    await place.succeeds('restore sts/db --only source-data-db-1 --executor=local');
    await place.scale(statefulSets, 'db', 3);
    const proofs = await Promise.all(
      ordinals.map((ordinal) => place.sh(`db-${ordinal}`, 'cat /source/source-data/proof.txt')),
    );
    assert.deepEqual(proofs, ['newer', 'kept of db-1', 'newer']);
  });

  test('a standalone claim', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('alone');
    await place.look(['alone'], 'echo sample_data > /source/alone/data.txt');
    await place.succeeds('snapshot pvc/alone --executor=local');
    await place.remove(persistentVolumeClaims, 'alone');
    await place.succeeds('restore pvc/alone --executor=local');
    assert.equal(await place.look(['alone'], 'cat /source/alone/data.txt'), 'sample_data');
  });

  test('a daemonset', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('shared');
    await place.create(daemonSets, daemonSet('agent', ['shared']));
    await place.running('agent');
    await place.succeeds('snapshot ds/agent --executor=local');
    await place.remove(daemonSets, 'agent');
    await place.remove(persistentVolumeClaims, 'shared');
    await place.succeeds('restore ds/agent --executor=local');
    assert.equal(await place.look(['shared'], 'cat /source/shared/data.txt'), 'sample_data');
  });

  test('a replicaset, which a deployment owns', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('data');
    await place.create(deployments, deployment('demo', ['data']));
    await place.running('demo');
    const name = await place.until(replicaSets, (all) => all[0]?.metadata.name);
    await place.succeeds(`snapshot rs/${name} --executor=local`);
    await place.remove(deployments, 'demo');
    await place.remove(persistentVolumeClaims, 'data');
    await place.succeeds(`restore rs/${name} --executor=local`);
    assert.equal(await place.look(['data'], 'cat /source/data/data.txt'), 'sample_data');
  });

  test('two side by side, each in its own session', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('one', 'two', 'both');
    await place.create(deployments, deployment('first', ['one', 'both']));
    await place.create(deployments, deployment('second', ['two', 'both']));
    await place.running('first');
    await place.running('second');
    const { stdout } = await place.succeeds('snapshot deploy/first deploy/second --executor=local');
    assert.match(stdout, /^deployment\/first snapshotted.*\ndeployment\/second snapshotted.*\n$/);
    const sessions = await place.list(backupSessions);
    assert.deepEqual(sessions.map(({ status }) => status?.phase).sort(), ['Succeeded', 'Succeeded']);
    const sources = (await place.list(volumeSnapshots)).map(
      ({ spec }) => spec.source.persistentVolumeClaimName,
    );
    assert.deepEqual(sources.sort(), ['both', 'both', 'one', 'two']);

    await place.remove(deployments, 'first', 'second');
    await place.remove(persistentVolumeClaims, 'one', 'two', 'both');
    await place.succeeds('restore deploy/first --executor=local');
    const refused = await place.stash('restore deploy/second --executor=local');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /claim both exists/);
    await place.succeeds('restore deploy/second --only two --executor=local');
    const seen = await place.look(['one', 'two', 'both'], 'cat /source/one/data.txt /source/two/data.txt');
    assert.equal(seen, 'sample_data\nsample_data');
  });

  test('a workload that is deleted with its claims and its session', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('data');
    await place.create(deployments, deployment('demo', ['data']));
    await place.running('demo');
    await place.succeeds('snapshot deploy/demo --executor=local');
    await place.remove(deployments, 'demo');
    await place.remove(persistentVolumeClaims, 'data');
    const sessions = await place.list(backupSessions);
    await place.remove(backupSessions, ...sessions.map(({ metadata }) => metadata.name));
    await place.succeeds('restore deploy/demo --executor=local');
    assert.equal(await place.look(['data'], 'cat /source/data/data.txt'), 'sample_data');
  });
});
