import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { backupSessions, resourceQuotas, volumeSnapshots, type Resource } from '#src/api/resources.ts';
import type { Cluster, WatchScope } from '#src/cluster/port.ts';
import { matchGolden } from '#test/support/golden.ts';

import { checkAdvice } from './advice.ts';
import { claim, configuration, deployment, faultyClass, namespace, object, statefulSet } from './objects.ts';
import { screen, settled, withoutIds } from './settled.ts';
import { startWorld, type World } from './world.ts';

const demo = 'demo';
const local = '--executor=local';
let world: World;

before(async () => {
  world = await startWorld();
  await world.create(
    namespace(demo),
    claim(demo, 'data', { labels: { app: 'web' } }),
    claim(demo, 'logs'),
    deployment(demo, 'web', ['data', 'logs'], { labels: { tier: 'front' } }),
    statefulSet(demo, 'db', { replicas: 3, labels: { tier: 'back' } }),
    claim(demo, 'cache', { size: '128Mi' }),
    deployment(demo, 'cache', ['cache'], { labels: { tier: 'back' } }),
    ...['error-always', 'never-ready'].map(faultyClass),
  );
  await world.bound(demo, 'data', 'logs', 'cache', 'data-db-0', 'data-db-1', 'data-db-2');
});

after(() => world[Symbol.asyncDispose]());

const taken = [
  { name: 'one', words: 'snapshot deploy/web' },
  { name: 'several', words: 'snapshot deploy/web sts/db pvc/cache' },
  { name: 'one-claim-twice', words: 'snapshot pvc/data deploy/web pvc/data' },
  { name: 'selected', words: 'snapshot deploy,sts -l tier=back' },
  { name: 'all', words: 'snapshot deployments --all' },
  { name: 'of-a-class', words: 'snapshot deployment cache --snapshot-class=sandbox' },
  { name: 'as-names', words: 'snapshot deploy/web deploy/cache -o name' },
];

for (const [index, { name, words }] of taken.entries()) {
  test(`snapshot: ${name}`, async () => {
    world.standAt(100 * (index + 1));
    const { code, out, err } = await world.run(`${words} ${local}`);
    matchGolden(`commands/snapshot/taken-${name}`, `${out}--- stderr\n${settled(err)}`);
    assert.equal(code, 0);
  });
}

test('each claim of each session has one snapshot, also if the session is deleted from the history', async () => {
  const { items: snapshots } = await world.cluster.list(volumeSnapshots, { namespace: demo });
  const bySession = Map.groupBy(
    snapshots,
    ({ metadata }) => metadata.annotations?.['stash.appscode.com/session-uid'] ?? '',
  );
  for (const of of bySession.values()) {
    const listed = of[0]?.metadata.annotations?.['stash.appscode.com/session-claims'] ?? '';
    assert.deepEqual(
      of.map(({ spec }) => spec.source.persistentVolumeClaimName).sort(),
      (JSON.parse(listed) as string[]).sort(),
    );
  }
  assert.equal(bySession.size, 13);
  const { items: sessions } = await world.cluster.list(backupSessions, { namespace: demo });
  const invokers = sessions.map(({ spec }) => spec.invoker.name);
  assert.deepEqual(invokers.sort(), [...new Set(invokers)].sort(), 'one of each configuration is left');
  for (const { metadata, status } of sessions) {
    assert.equal(status?.phase, 'Succeeded');
    assert.ok(bySession.has(metadata.uid));
  }
});

test('snapshot: the session as an object', async () => {
  for (const [index, format] of ['json', 'yaml'].entries()) {
    world.standAt(3000 + index);
    const { code, out } = await world.run(`snapshot deploy/web -o ${format} ${local}`);
    assert.equal(code, 0);
    matchGolden(`commands/snapshot/taken-as-${format}`, withoutIds(out));
  }
});

test('snapshot: a failed session is printed as well', async () => {
  world.standAt(4000);
  const words = `snapshot deploy/cache -o json --snapshot-class=error-always --fail-fast ${local}`;
  const { code, out, err } = await world.run(words);
  assert.equal(code, 4);
  const { kind, status } = JSON.parse(out) as { kind: string; status: { phase: string } };
  assert.deepEqual([kind, status.phase], ['BackupSession', 'Failed']);
  await checkAdvice(err);
  matchGolden('commands/snapshot/failed', withoutIds(settled(err)));
});

test('snapshot: some claims fail, some succeed', async () => {
  world.standAt(4100);
  await world.create(
    claim(demo, 'bad'),
    deployment(demo, 'bad', ['bad'], { replicas: 0, labels: { tier: 'mixed' } }),
    claim(demo, 'good'),
    deployment(demo, 'good', ['good'], { replicas: 0, labels: { tier: 'mixed' } }),
    configuration(
      demo,
      'bad',
      { kind: 'Deployment', name: 'bad' },
      {
        target: {
          ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'bad' },
          snapshotClassName: 'error-always',
        },
      },
    ),
  );
  await world.bound(demo, 'bad', 'good');
  const { code, out, err } = await world.run(`snapshot deploy -l tier=mixed --fail-fast ${local}`);
  assert.equal(code, 4);
  matchGolden('commands/snapshot/some-failed', withoutIds(`${out}--- stderr\n${settled(err)}`));
});

test('snapshot: a snapshot that is not ready in time', async () => {
  world.race();
  const { code, err } = await world.run(
    `snapshot deploy/web --snapshot-class=never-ready --timeout=20s ${local}`,
  );
  world.standAt(0);
  assert.equal(code, 5, err);
  await checkAdvice(err);
  const told = settled(err)
    .replace(/\b17\d{8}\b/g, 'T')
    .replaceAll('cut; waiting until it is ready to use', 'WHAT IT WAITS FOR')
    .replaceAll(/waiting for the (?:snapshot controller|driver to cut it)/g, 'WHAT IT WAITS FOR');
  matchGolden('commands/snapshot/timed-out', told);
});

test('snapshot: a dry run prints what would be created, and creates nothing', async () => {
  world.standAt(5000);
  const before = await world.census();
  const ran = await world.run(`snapshot sts/db --dry-run=client ${local}`);
  assert.deepEqual([ran.code, ran.err], [0, '']);
  matchGolden('commands/snapshot/dry-run', ran.out);
  const yaml = await world.run(`snapshot pvc/logs --dry-run=client -o yaml ${local}`);
  matchGolden('commands/snapshot/dry-run-yaml', withoutIds(yaml.out));
  assert.deepEqual(await world.census(), before);
});

test('snapshot: no operator answers', async () => {
  world.race();
  const { code, err } = await world.run('snapshot pvc/logs');
  world.standAt(0);
  assert.equal(code, 0);
  matchGolden('commands/snapshot/nobody-answers', settled(err).replace(/\b17\d{8}\b/g, 'T'));
});

for (const columns of [80, 200]) {
  test(`snapshot: the last frame on a terminal of ${columns} columns`, async () => {
    world.standAt(6000 + columns);
    const options = { isTTY: true, columns };
    const done = await world.run(`snapshot deploy/web sts/db ${local}`, options);
    assert.equal(done.code, 0);
    matchGolden(`commands/snapshot/frame-${columns}`, `${screen(done.err)}--- stdout\n${done.out}`);
    world.standAt(6001 + columns);
    const failed = await world.run(
      `snapshot deploy/cache --snapshot-class=error-always --fail-fast ${local}`,
      options,
    );
    assert.equal(failed.code, 4);
    const shown = withoutIds(screen(failed.err));
    matchGolden(`commands/snapshot/frame-failed-${columns}`, shown);
  });
}

test('snapshot refuses what a quota for snapshots has no room for', async () => {
  const resource = 'count/volumesnapshots.snapshot.storage.k8s.io';
  const present = (await world.cluster.list(volumeSnapshots, { namespace: demo })).items.length;
  const quota = { name: 'team', namespace: demo };
  await world.create([
    resourceQuotas,
    object('v1', 'ResourceQuota', { metadata: quota, spec: { hard: { [resource]: String(present + 1) } } }),
  ]);
  await world.until(resourceQuotas, demo, 'team', (it) => it?.status?.used?.[resource] === String(present));
  world.standAt(4_000);
  const before = await world.census();
  const { code, err } = await world.run(`snapshot deploy/web ${local}`);
  assert.equal(code, 1, err);
  const words = `the snapshot does not fit into resourcequota team: 1 of ${resource} left, and 2 needed`;
  assert.ok(err.startsWith(`error: ${words}\n`), err);
  assert.deepEqual(await world.census(), before);

  const both = await world.run(`snapshot pvc/cache pvc/logs ${local}`);
  assert.equal(both.code, 1, 'together they need two');
  const one = await world.run(`snapshot pvc/cache ${local}`);
  assert.equal(one.code, 0, one.err);
  await world.cluster.delete(resourceQuotas, quota);
});

test('snapshot does not go on with a session that is being deleted', async () => {
  const metadata = { name: 'deploy-web-ending', namespace: demo };
  const spec = { invoker: { kind: 'BackupConfiguration', name: 'deploy-web' } };
  await world.create([
    backupSessions,
    object('stash.appscode.com/v1beta1', 'BackupSession', {
      ...{ metadata: { ...metadata, finalizers: ['example.com/hold'] }, spec },
    }),
  ]);
  await world.cluster.delete(backupSessions, metadata);
  world.standAt(5_000);
  const { code, out, err } = await world.run(`snapshot deploy/web -o name ${local}`);
  assert.equal(code, 0, err);
  assert.match(out, /^backupsession\.stash\.appscode\.com\/deploy-web-\d+\n$/);
  await world.cluster.patch(backupSessions, metadata, { metadata: { finalizers: null } });
});

test('messages of a driver cannot control the terminal', async () => {
  const error = { message: 'disk \u001b[2J\u001b]0;owned\u0007full\r\nreally' };
  const through = (cluster: Cluster): Cluster => ({
    ...cluster,
    watch: async function* <T extends KubernetesObject>(
      resource: Resource<T>,
      scope: WatchScope<T>,
      signal: AbortSignal,
    ) {
      for await (const event of cluster.watch(resource, scope, signal)) {
        if (event.type !== 'changed' || event.object.kind !== 'VolumeSnapshot') yield event;
        else yield { ...event, object: { ...event.object, status: { error } } };
      }
    },
  });
  for (const [index, isTTY] of [false, true].entries()) {
    world.standAt(7000 + index);
    const words = `snapshot deploy/cache --snapshot-class=never-ready --fail-fast ${local}`;
    const { code, err } = await world.run(words, { isTTY, through, columns: 200 });
    assert.equal(code, 4);
    matchGolden(`commands/snapshot/hostile-${isTTY ? 'tty' : 'log'}`, isTTY ? screen(err) : settled(err));
  }
});
