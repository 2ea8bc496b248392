/** The tests paste every fix that `doctor` prints, and check that it works; and compare its words with those of the command that refuses. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  cronJobs,
  leases,
  limitRanges,
  persistentVolumeClaims,
  resourceQuotas,
  storageClasses,
  volumeSnapshotClasses,
} from '#src/api/resources.ts';

import { claim, configuration, deployment, namespace, object } from './objects.ts';
import { paste } from './paste.ts';
import { startWorld, type World } from './world.ts';

import { demo, examined, isDefault, place, snapshotClass, web } from './doctor-world.ts';
function operatorLease(renewTime: string) {
  const metadata = { name: 'kubectl-stash-operator', namespace: 'kubectl-stash' };
  const spec = { holderIdentity: 'operator-0', renewTime };
  return [leases, object('coordination.k8s.io/v1', 'Lease', { metadata, spec })] as const;
}

function cronJobWith(changes: object) {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } };
  const spec = { schedule: '@daily', jobTemplate: { spec: { template } }, ...changes };
  const metadata = { name: 'stash-trigger-nightly', namespace: demo };
  return [cronJobs, object('batch/v1', 'CronJob', { metadata, spec })] as const;
}

/** A schedule of `web` for a day, with an operator that leads, and a CronJob that someone has changed. */
async function scheduled(world: World, changes: object): Promise<void> {
  await world.create(configuration(demo, 'nightly', web, { schedule: '@daily', paused: false }));
  world.standAt(60);
  await world.create(namespace('kubectl-stash'), operatorLease('2026-03-14T03:01:00Z'), cronJobWith(changes));
}

interface Ill {
  readonly name: string;
  readonly check: string;
  /** In namespace demo, with deployment `web`. */
  readonly make: (world: World) => Promise<void>;
  readonly fix: string;
}

const ills: readonly Ill[] = [
  {
    name: 'two default classes',
    check: 'snapshot-classes',
    make: (world) => world.create(snapshotClass('second', { [isDefault]: 'true' })),
    fix: `kubectl annotate volumesnapshotclass second ${isDefault}-`,
  },
  {
    name: 'two classes and no default',
    check: 'snapshot-classes',
    async make(world) {
      await world.create(snapshotClass('second'));
      const annotations = { [isDefault]: 'false' };
      await world.cluster.patch(volumeSnapshotClasses, { name: 'sandbox' }, { metadata: { annotations } });
    },
    fix: `kubectl annotate volumesnapshotclass sandbox ${isDefault}=true --overwrite`,
  },
  {
    name: 'a configuration with a class that does not exist',
    check: 'snapshot-classes',
    make: (world) =>
      world.create(
        configuration(demo, 'nightly', web, { target: { ref: web, snapshotClassName: 'sandbx' } }),
      ),
    fix: `kubectl patch backupconfiguration nightly -n demo --type=merge -p '{"spec":{"target":{"snapshotClassName":"sandbox"}}}'`,
  },
  {
    name: 'a configuration that is paused',
    check: 'schedule',
    make: (world) => world.create(configuration(demo, 'nightly', web, { schedule: '@yearly', paused: true })),
    fix: 'kubectl stash resume nightly -n demo',
  },
  {
    name: 'a configuration whose schedule came to nothing',
    check: 'overdue',
    async make(world) {
      await world.create(configuration(demo, 'hourly', web, { schedule: '@hourly', paused: false }));
      world.standAt(3 * 3600);
    },
    fix: 'kubectl stash trigger hourly -n demo',
  },
  {
    name: 'a quota without room',
    check: 'quota',
    async make(world) {
      const hard = { 'count/volumesnapshots.snapshot.storage.k8s.io': '0' };
      const metadata = { name: 'small', namespace: demo };
      await world.create([resourceQuotas, object('v1', 'ResourceQuota', { metadata, spec: { hard } })]);
      await world.until(resourceQuotas, demo, 'small', (it) => it?.status?.used !== undefined);
    },
    fix: `kubectl patch resourcequota small -n demo --type=merge -p '{"spec":{"hard":{"count/volumesnapshots.snapshot.storage.k8s.io":"1"}}}'`,
  },
  {
    name: 'a class that keeps the data, and a schedule that prunes',
    check: 'deletion-policy',
    async make(world) {
      await world.cluster.patch(volumeSnapshotClasses, { name: 'sandbox' }, { deletionPolicy: 'Retain' });
      const retentionPolicy = { name: 'keep-last-3', keepLast: 3, prune: true };
      await world.create(configuration(demo, 'nightly', web, { retentionPolicy }));
    },
    fix: `kubectl patch volumesnapshotclass sandbox --type=merge -p '{"deletionPolicy":"Delete"}'`,
  },
  {
    name: 'a quota without room for a restore beside the claims',
    check: 'restore-quota',
    async make(world) {
      const taken = await world.run('snapshot deploy/web --executor=local');
      assert.equal(taken.code, 0, taken.err);
      const metadata = { name: 'small', namespace: demo };
      const hard = { 'requests.storage': '1Gi' };
      await world.create([resourceQuotas, object('v1', 'ResourceQuota', { metadata, spec: { hard } })]);
      await world.until(resourceQuotas, demo, 'small', (it) => it?.status?.used !== undefined);
    },
    fix: `kubectl patch resourcequota small -n demo --type=merge -p '{"spec":{"hard":{"requests.storage":"2147483648"}}}'`,
  },
  {
    name: 'a schedule whose CronJob is suspended',
    check: 'cron-job',
    make: (world) => scheduled(world, { suspend: true }),
    fix: `kubectl patch cronjob stash-trigger-nightly -n demo --type=merge -p '{"spec":{"suspend":false}}'`,
  },
  {
    name: 'a schedule whose CronJob has another one',
    check: 'cron-job',
    make: (world) => scheduled(world, { schedule: '@weekly' }),
    fix: `kubectl patch cronjob stash-trigger-nightly -n demo --type=merge -p '{"spec":{"schedule":"@daily"}}'`,
  },
  {
    name: 'a schedule whose CronJob goes by a time zone',
    check: 'cron-job',
    make: (world) => scheduled(world, { timeZone: 'Asia/Tokyo' }),
    fix: `kubectl patch cronjob stash-trigger-nightly -n demo --type=merge -p '{"spec":{"timeZone":null}}'`,
  },
  {
    name: 'a schedule whose CronJob is given up too soon',
    check: 'cron-job',
    make: (world) => scheduled(world, { startingDeadlineSeconds: 5 }),
    fix: `kubectl patch cronjob stash-trigger-nightly -n demo --type=merge -p '{"spec":{"startingDeadlineSeconds":1800}}'`,
  },
  {
    name: 'no restore point',
    check: 'restore-points',
    make: () => Promise.resolve(),
    fix: 'kubectl stash snapshot deployment/web -n demo',
  },
];

for (const { name, check, make, fix } of ills) {
  test(`the printed fix works: ${name}`, async () => {
    await using world = await startWorld();
    await place(world);
    await make(world);
    const ill = (await examined(world, 'deploy/web')).find((finding) => finding.check === check);
    assert.ok(ill);
    assert.equal(ill.fix, fix, ill.message);
    assert.match(ill.level, /^(?:warn|fail)$/);
    await paste(world, [fix]);
    const healed = (await examined(world, 'deploy/web')).filter((finding) => finding.check === check);
    assert.deepEqual(
      healed.map(({ level }) => level),
      ['ok'],
      healed.map(({ message }) => message).join('; '),
    );
  });
}

test('a quota that leaves no room for the pods of Jobs', async () => {
  await using world = await startWorld();
  await place(world);
  await scheduled(world, {});
  const metadata = { name: 'pods', namespace: demo };
  await world.create([
    resourceQuotas,
    object('v1', 'ResourceQuota', { metadata, spec: { hard: { pods: '0' } } }),
  ]);
  await world.until(resourceQuotas, demo, 'pods', (it) => it?.status?.used !== undefined);
  const found = async () => (await examined(world, 'deploy/web')).filter(({ check }) => check === 'job-pods');
  const [ill] = await found();
  assert.equal(ill?.level, 'fail');
  assert.match(ill.message, /^the API server would not create the pods of its Jobs: .*exceeded quota: pods/);
  await world.cluster.patch(resourceQuotas, metadata, { spec: { hard: { pods: '1' } } });
  await world.until(resourceQuotas, demo, 'pods', (it) => it?.status?.hard?.['pods'] === '1');
  assert.deepEqual(
    (await found()).map(({ level }) => level),
    ['ok'],
  );
});

test('doctor and snapshot print the same message about a claim that is being deleted', async () => {
  await using world = await startWorld();
  await place(world);
  await world.cluster.patch(
    persistentVolumeClaims,
    { name: 'data', namespace: demo },
    { metadata: { finalizers: ['example.com/hold'] } },
  );
  await world.cluster.delete(persistentVolumeClaims, { name: 'data', namespace: demo });
  const found = (await examined(world, 'deploy/web')).find(({ check }) => check === 'claims');
  const { err } = await world.run('snapshot deploy/web --executor=local');
  assert.equal(err.split('\n')[0], `error: ${found?.message ?? ''}`);
});

describe('doctor and the command that refuses print the same message', () => {
  interface Same {
    readonly name: string;
    readonly check: string;
    readonly make: (world: World) => Promise<void>;
    readonly words: string;
  }

  const restore = 'restore deploy/web --executor=local';

  /** A restore point of deployment `web`, whose claim is gone. */
  async function lose(world: World): Promise<void> {
    const taken = await world.run('snapshot deploy/web --executor=local');
    assert.equal(taken.code, 0, taken.err);
    await world.cluster.delete(persistentVolumeClaims, { name: 'data', namespace: demo });
    await world.until(persistentVolumeClaims, demo, 'data', (it) => it === undefined);
  }

  const rows: readonly Same[] = [
    {
      name: 'two default classes',
      check: 'snapshot-classes',
      make: (world) => world.create(snapshotClass('second', { [isDefault]: 'true' })),
      words: 'snapshot deploy/web --executor=local',
    },
    {
      name: 'a schedule of a claim that does not exist',
      check: 'claims',
      make: (world) => world.cluster.delete(persistentVolumeClaims, { name: 'data', namespace: demo }),
      words: 'schedule deploy/web --cron @daily --keep-last 3',
    },
    {
      name: 'a storage class that does not exist any more',
      check: 'storage-classes',
      async make(world) {
        await lose(world);
        await world.cluster.delete(storageClasses, { name: 'sandbox' });
      },
      words: restore,
    },
    {
      name: 'a LimitRange that does not admit the claim',
      check: 'limit-ranges',
      async make(world) {
        await lose(world);
        const limits = [{ type: 'PersistentVolumeClaim', min: { storage: '2Gi' } }];
        const metadata = { name: 'sizes', namespace: demo };
        await world.create([limitRanges, object('v1', 'LimitRange', { metadata, spec: { limits } })]);
      },
      words: restore,
    },
  ];
  for (const { name, check, make, words } of rows) {
    test(name, async () => {
      await using world = await startWorld();
      await place(world);
      await make(world);
      const found = (await examined(world, 'deploy/web')).find((finding) => finding.check === check);
      const { err } = await world.run(words);
      assert.equal(err.split('\n')[0], `error: ${found?.message ?? 'nothing found'}`);
    });
  }
});

test('the number of requests does not grow with that of targets and claims', async () => {
  await using world = await startWorld();
  const requestsFor = async (targets: number): Promise<number> => {
    const home = `with-${targets}`;
    const names = Array.from({ length: targets }, (_, index) => `data-${index}`);
    await world.create(
      namespace(home),
      ...names.flatMap((name) => [
        claim(home, name),
        deployment(home, name, [name], { replicas: 0 }),
        configuration(home, name, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name }),
        configuration(home, `of-${name}`, { kind: 'Deployment', name }),
      ]),
    );
    await world.bound(home, ...names);
    world.sandbox.requests.reset();
    const { out } = await world.run(`doctor -n ${home} -o json`, { hints: false });
    assert.ok(!out.includes('"fail"'), out);
    return world.sandbox.requests.count();
  };
  const few = await requestsFor(25);
  assert.equal(await requestsFor(100), few);
  assert.ok(few <= 30, `${few} requests`);
});
