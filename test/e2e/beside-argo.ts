/** An application of Argo CD is snapshotted, retained and restored, while Argo CD prunes and heals. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

import {
  backupConfigurations,
  deployments,
  persistentVolumeClaims,
  volumeSnapshots,
} from '#src/api/resources.ts';

import { application, playArgo, trackingLabel, type InGit } from './argo-player.ts';
import { connectTo } from './conformance/open-api.ts';
import { claim, deployment, mountPath, quiet } from './manifests.ts';
import { configuration } from './operator/manifests.ts';
import { openPlace } from './place.ts';
import type { TestServer } from './server.ts';

const tracked = { [trackingLabel]: application };
const administrator = { identity: undefined };

/** `executor`: who carries the sessions out. */
export async function testBesideArgo(
  t: TestContext,
  server: TestServer,
  executor: 'local' | 'operator',
): Promise<void> {
  const { cluster } = server;
  const place = await openPlace(t, server);
  t.after(() => place.giveUpVolumes());
  const git = gitFor(server.storageClass);
  const api = await connectTo(server.kubeconfig);
  t.after(() => {
    api.close();
  });
  const write = async (text: string) => {
    const [pod = ''] = await place.running('app');
    await place.sh(pod, `echo ${text} > ${mountPath('data')}/proof`);
  };
  const read = async () => {
    const [pod = ''] = await place.running('app');
    return place.sh(pod, `cat ${mountPath('data')}/proof`);
  };
  const run = (line: string) => place.succeeds(`${line} --executor=${executor}`, administrator);

  const argo = await playArgo(api, cluster, place.namespace, git);
  const untouched = () => {
    assert.deepEqual([argo.pruned, argo.healed], [[], []]);
  };

  await t.test('snapshots and retention: Argo CD finds nothing of its own', async () => {
    const snapshot = () => run('snapshot deploy/app --keep-last=2');
    await snapshot();
    await write('before');
    await snapshot();
    await write('now');
    await snapshot();
    const kept = await place.until(volumeSnapshots, (all) => all.length === 2 && all);
    assert.ok(kept.every(({ metadata }) => metadata.labels?.[trackingLabel] === undefined));
    untouched();
  });

  await t.test('a copy under another name belongs to no application', async () => {
    await run('restore deploy/app --from=-2 --suffix=-copy');
    const copy = (await place.list(persistentVolumeClaims)).find(
      ({ metadata }) => metadata.name === 'data-copy',
    );
    assert.ok(copy);
    assert.equal(copy.metadata.labels?.[trackingLabel], undefined);
    assert.equal(copy.metadata.labels?.['team'], 'blue');
    assert.equal(await place.look(['data-copy'], `cat ${mountPath('data-copy')}/proof`), 'before');
    untouched();
  });

  await t.test('a restore in place: Argo CD creates the claim again, and gets the data', async () => {
    await place.succeeds('restore deploy/app --from=-2 --in-place --yes', administrator);
    assert.equal(await read(), 'before');
    assert.deepEqual(argo.pruned, []);
    assert.deepEqual([...new Set(argo.healed)], ['PersistentVolumeClaim data, which was gone']);
  });

  await argo.end();
  await t.test('claims that come back while syncing is off are as in Git when it is on again', async () => {
    await place.remove(deployments, 'app');
    await place.remove(persistentVolumeClaims, 'data');
    await run('restore deploy/app --from=-2');
    const again = await playArgo(api, cluster, place.namespace, git);
    await place.running('app');
    assert.equal(await read(), 'before');
    await again.end();
    assert.deepEqual([again.pruned, again.healed], [[], []]);
  });
}

/** A Deployment with a claim, and its BackupConfiguration. */
function gitFor(storageClass: string): readonly InGit[] {
  const app = quiet(deployment('app', ['data']));
  const nightly = configuration('nightly', { target: 'app' });
  return [
    { resource: persistentVolumeClaims, object: claim('data', storageClass, { ...tracked, team: 'blue' }) },
    { resource: deployments, object: { ...app, metadata: { ...app.metadata, labels: tracked } } },
    {
      resource: backupConfigurations,
      object: { ...nightly, metadata: { ...nightly.metadata, labels: tracked } },
    },
  ];
}
