/** `--dry-run=server`: the server validates each object and stores none. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { volumeSnapshots } from '#src/api/resources.ts';

import { census } from './census.ts';
import { openPlace } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();

await suite('dry run on the server', { concurrency: 2 }, () => {
  test('a snapshot, with and without a configuration', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('data');
    const before = await census(place);
    const first = await place.succeeds('snapshot pvc/data --dry-run=server');
    assert.match(
      first.stdout,
      /^backupconfiguration\S+\/pvc-data would be .*\(server dry run\)\nbackupsession\S+\/pvc-data-\d+ .*\nvolumesnapshot\S+\/data-\d+ .*\n$/,
    );
    assert.deepEqual(await census(place), before);

    await place.succeeds('snapshot pvc/data --executor=local');
    const later = await census(place);
    const { stdout } = await place.succeeds('snapshot pvc/data --dry-run=server -o json');
    const { items } = JSON.parse(stdout) as { items: { kind: string; metadata: { uid: string } }[] };
    assert.deepEqual(
      items.map(({ kind }) => kind),
      ['BackupSession', 'VolumeSnapshot'],
    );
    assert(
      items.every(({ metadata }) => metadata.uid !== ''),
      'the server names the objects that it would store',
    );
    assert.deepEqual(await census(place), later);
  });

  test('a restore, and one that the server rejects', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('data');
    await place.succeeds('snapshot pvc/data --executor=local');
    const before = await census(place);
    const { stdout } = await place.succeeds('restore pvc/data --suffix -copy --dry-run=server');
    assert.match(
      stdout,
      /^restoresession\S+ .*\npersistentvolumeclaim\/data-copy would be created \(server dry run\)\n$/,
    );
    const [snapshot] = await place.list(volumeSnapshots);
    const bad = {
      apiVersion: 'stash.appscode.com/v1beta1',
      kind: 'RestoreSession',
      metadata: { name: 'bad' },
      spec: {
        driver: 'VolumeSnapshotter',
        target: {
          volumeClaimTemplates: [
            {
              metadata: { name: 'copy', labels: { tier: 'in the middle' } },
              spec: {
                accessModes: ['ReadWriteOnce'],
                resources: { requests: { storage: '1Gi' } },
                dataSource: {
                  apiGroup: 'snapshot.storage.k8s.io',
                  kind: 'VolumeSnapshot',
                  name: snapshot?.metadata.name,
                },
              },
            },
          ],
        },
      },
    };
    const refused = await place.stash('restore -f - --dry-run=server', { stdin: JSON.stringify(bad) });
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(refused.stderr, /in the middle/);
    assert.deepEqual(await census(place), before);
  });
});
