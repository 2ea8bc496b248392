import assert from 'node:assert/strict';
import { test } from 'node:test';

import { backupSessions } from '#src/api/resources.ts';

import { configuration, namespace } from './objects.ts';
import { startWorld } from './world.ts';

const words = 'operator create-backupsession --invoker-kind BackupConfiguration -n demo --invoker-name';

test("a CronJob's pod begins one session, even if it starts several times", async () => {
  await using world = await startWorld();
  await world.create(
    namespace('demo'),
    configuration('demo', 'nightly', { kind: 'Deployment', name: 'web' }),
    configuration('demo', 'files', { kind: 'Deployment', name: 'web' }, { driver: 'Restic' }),
  );
  world.race(1);
  const first = await world.run(`${words} nightly`, { env: { TRIGGER: 'job-1' } });
  assert.match(first.out, /^backupsession\.stash\.appscode\.com\/nightly-\d+ created\n$/);
  assert.deepEqual([first.code, first.err], [0, '']);
  assert.deepEqual(await world.run(`${words} nightly`, { env: { TRIGGER: 'job-1' } }), first);
  assert.equal((await world.cluster.list(backupSessions, { namespace: 'demo' })).items.length, 1);

  const rows: [string, number, string][] = [
    [
      `${words} gone`,
      3,
      'error: backupconfigurations.stash.appscode.com "gone" not found in namespace "demo"\n' +
        'hint: kubectl get backupconfigurations.stash.appscode.com -n demo\n',
    ],
    [
      `${words} files`,
      1,
      'error: backupconfiguration/files has driver Restic; only VolumeSnapshotter takes snapshots\n' +
        'hint: name a configuration with driver VolumeSnapshotter\n',
    ],
    [
      'operator create-backupsession -n demo',
      2,
      'error: no invoker given\nhint: name it with --invoker-name NAME\n',
    ],
    [
      'operator create-backupsession -n demo --invoker-name a --invoker-kind BackupBatch',
      2,
      'error: the invoker kind BackupBatch is not supported\n' +
        'hint: leave out --invoker-kind, or write --invoker-kind BackupConfiguration\n',
    ],
  ];
  for (const [argv, code, err] of rows) assert.deepEqual(await world.run(argv), { code, out: '', err }, argv);
  assert.equal((await world.cluster.list(backupSessions, { namespace: 'demo' })).items.length, 1);
});
