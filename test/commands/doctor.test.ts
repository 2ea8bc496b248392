/** `doctor` in clusters with problems. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { annotation, label } from '#src/api/labels.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  customResourceDefinitions,
  events,
  jobs,
  leases,
  persistentVolumes,
  roleBindings,
  roles as userRoles,
} from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { FindingItem } from '#src/report/findings.ts';
import { formatSwapped, type SwappedVolume } from '#src/domain/in-place/swapped-volume.ts';
import { buildUserRights } from '#src/domain/install/user-roles.ts';
import { StashError } from '#src/errors.ts';
import { withAppscode } from '#test/operator-player/appscode.ts';
import { matchGolden } from '#test/support/golden.ts';

import { checkAdvice } from './advice.ts';
import { claim, configuration, deployment, namespace, object, statefulSet } from './objects.ts';
import { paste } from './paste.ts';
import { withoutRight } from './rights.ts';
import { startWorld, type RunOptions, type World } from './world.ts';

import { demo, examined, place, web } from './doctor-world.ts';
describe('output', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
    await place(world);
    const volume = {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: '/tmp' },
    };
    await world.create(
      [persistentVolumes, object('v1', 'PersistentVolume', { metadata: { name: 'host' }, spec: volume })],
      claim(demo, 'static', { storageClass: '', volume: 'host' }),
      deployment(demo, 'static', ['static'], { replicas: 0 }),
      deployment(demo, 'orphan', ['data', 'nowhere'], { replicas: 0 }),
      statefulSet(demo, 'db', { replicas: 2 }),
      configuration(demo, 'nightly', web, { schedule: '0 3 * * *', paused: false }),
      configuration(demo, 'lost', { kind: 'Deployment', name: 'gone' }),
      configuration(demo, 'odd', { kind: 'CronJob', name: 'web' }, { schedule: 'soon' }),
      configuration(demo, 'files', { kind: 'Deployment', name: 'orphan' }, { driver: 'Restic' }),
      configuration(demo, 'db', { kind: 'StatefulSet', name: 'db' }, { schedule: '@daily' }),
      namespace('empty'),
    );
    await world.bound(demo, 'static', 'data-db-0', 'data-db-1');
    assert.equal((await world.run('snapshot sts/db --executor=local')).code, 0);
    world.standAt(3600);
  });
  after(() => world[Symbol.asyncDispose]());

  const rows: readonly (readonly [string, string, number, RunOptions?])[] = [
    ['namespace', 'doctor', 1],
    ['empty-namespace', 'doctor -n empty', 0],
    ['target', 'doctor sts/db', 0],
    ['target', 'doctor statefulset db', 0],
    ['no-csi-driver', 'doctor deploy/static', 1],
    ['claims-missing', 'doctor deploy/orphan', 1],
    ['no-target', 'doctor deploy/none', 1],
    ['appscode', 'doctor deploy/web', 1, { through: withAppscode }],
    ['may-not-snapshot', 'doctor pvc/data', 1, { through: withoutRight('create', undefined, undefined) }],
    ['json', 'doctor pvc/data -o json', 0],
    ['yaml', 'doctor pvc/data -o yaml', 0],
  ];
  for (const [golden, words, code, options] of rows) {
    test(`${words}: ${golden}`, async () => {
      const before = await world.census();
      const ran = await world.run(words, options);
      assert.deepEqual([ran.code, ran.err], [code, '']);
      matchGolden(`commands/doctor/${golden}`, ran.out);
      assert.deepEqual(await world.census(), before);
    });
  }

  test('commands go to the cluster that was examined', async () => {
    const kubeconfig = world.sandbox.kubeconfig;
    const found = await examined(world, `pvc/data --kubeconfig=${kubeconfig}`);
    const fixes = found.flatMap(({ fix }) => fix ?? []);
    assert.notEqual(fixes.length, 0);
    for (const fix of fixes) assert.ok(fix.endsWith(` --kubeconfig ${kubeconfig}`), fix);
  });

  test('a check whose facts the user may not read is unknown, and names the missing right', async () => {
    const rights = [
      ['list', 'volumesnapshotclasses', ['snapshot-classes']],
      ['list', 'persistentvolumeclaims', ['claims']],
      ['list', 'backupconfigurations', ['configurations']],
      ['list', 'volumesnapshots', ['snapshot-controller']],
      ['get', 'statefulsets', ['target']],
      ['list', 'storageclasses', ['storage-classes']],
      ['list', 'resourcequotas', ['quota']],
      ['list', 'limitranges', ['limit-ranges']],
      ['list', 'persistentvolumes', ['kept-volumes']],
      ['get', 'customresourcedefinitions', ['snapshot-definitions']],
      ['list', 'leases', ['sidecar-lease']],
      ['list', 'events', ['driver-limits']],
    ] as const;
    for (const [verb, plural, checks] of rights) {
      world.sandbox.faults.inject({ verb, plural, effect: { kind: 'fail', code: 403, reason: 'Forbidden' } });
      const found = await examined(world, 'sts/db');
      world.sandbox.faults.clear();
      const unknown = found.filter(({ level }) => level === 'unknown');
      assert.deepEqual(
        unknown.map(({ check }) => check),
        checks,
      );
      for (const { right = '', message } of unknown) {
        assert.match(right, new RegExp(`^${verb} ${plural}`));
        assert.ok(message.includes(`needs ${right}`), message);
      }
    }
  });

  test('the documented roles cover every read', async () => {
    const { roles, bindings } = buildUserRights('jane', demo);
    for (const role of roles) await world.create([role.kind === 'Role' ? userRoles : clusterRoles, role]);
    for (const binding of bindings) {
      const kind = binding.kind === 'RoleBinding' ? roleBindings : clusterRoleBindings;
      await world.create([kind, binding]);
    }
    const found = await examined(world, 'pvc/data --as=jane');
    const amiss = found.filter(({ level }) => level === 'fail' || level === 'unknown');
    assert.deepEqual(
      amiss.map(({ check, right }) => [check, right]),
      [],
    );
  });

  test('each kind is listed once, however many claims there are; single volumes by name', async () => {
    const lists = async (words: string) => {
      const read: string[] = [];
      const through = (cluster: Cluster): Cluster => ({
        ...cluster,
        list: (resource, scope) => {
          read.push([resource.plural, scope?.labelSelector ?? scope?.fieldSelector].join(' ').trim());
          return cluster.list(resource, scope);
        },
      });
      await world.run(words, { through, hints: false });
      return read.sort();
    };
    const own = [
      'backupconfigurations',
      'backupsessions',
      'cronjobs',
      'csidrivers',
      'csinodes',
      'events involvedObject.kind=VolumeSnapshot,type=Warning',
      'jobs app.kubernetes.io/managed-by=kubectl-stash,app.kubernetes.io/component in (trigger,snapshotter,restorer)',
      'limitranges',
      'persistentvolumeclaims',
      `persistentvolumes ${label.restoreSession}`,
      'resourcequotas',
      'storageclasses',
      'validatingwebhookconfigurations',
      'volumesnapshotclasses',
      'volumesnapshots',
    ];
    const ofStatic = 'persistentvolumes metadata.name=host';
    const ofSidecar = 'leases metadata.name=external-snapshotter-leader-sandbox-csi-stash-dev';
    assert.deepEqual(await lists('doctor deploy/none'), own);
    assert.deepEqual(await lists('doctor deploy/static'), [...own, ofStatic].sort());
    const names = Array.from({ length: 30 }, (_, index) => `many-${index}`);
    await world.create(
      namespace('many'),
      ...names.map((name) => claim('many', name)),
      deployment('many', 'many', names, { replicas: 0 }),
    );
    await world.bound('many', ...names);
    assert.deepEqual(
      await lists('doctor deploy/many -n many'),
      [...own, ofSidecar, 'persistentvolumes'].sort(),
    );
  });

  test('an invalid target is an error', async () => {
    const refused = [
      ['unknown-namespace', 'doctor -n prod', 3],
      ['two-targets', 'doctor deploy/web sts/db', 2],
      ['unknown-type', 'doctor deplyo/web', 2],
      ['unreachable', 'doctor --server=https://127.0.0.1:1', 1],
    ] as const;
    for (const [golden, words, code] of refused) {
      const ran = await world.run(words);
      assert.deepEqual([ran.code, ran.out], [code, ''], ran.err);
      await checkAdvice(ran.err);
      matchGolden(`commands/doctor/${golden}`, ran.err);
    }
  });
});

test("the printed fix works: Stash's kinds are missing", async () => {
  await using world = await startWorld({ stash: false });
  await place(world);
  const found = async () => new Map((await examined(world)).map((each) => [each.check, each]));
  const bare = await found();
  assert.equal(bare.get('stash-api')?.fix, 'kubectl stash install --crds');
  assert.equal(bare.get('configurations'), undefined);
  await paste(world, [bare.get('stash-api')?.fix ?? '']);
  const served = await found();
  assert.deepEqual(
    ['stash-api', 'configurations'].map((check) => served.get(check)?.level),
    ['ok', 'ok'],
  );
});

describe('what is read beside lists of whole kinds', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
    await place(world);
  });
  after(() => world[Symbol.asyncDispose]());
  const found = async (check: string, words = '') =>
    (await examined(world, words))
      .filter((each) => each.check === check)
      .map(({ level, message }) => `${level}: ${message}`);

  test('volumes that a restore in place has kept', async () => {
    const swapped = formatSwapped({
      ...{ session: 'restore-1', namespace: demo, claim: 'data', role: 'kept', policy: 'Delete' },
      ...{ target: web, since: '2026-03-06T03:00:00Z', manifest: { metadata: {}, spec: {} } },
    } as SwappedVolume);
    const metadata = {
      name: 'pv-kept',
      labels: { [label.restoreSession]: 'restore-1' },
      annotations: { [annotation.swap]: swapped },
    };
    const csi = { driver: 'sandbox.csi.stash.dev', volumeHandle: 'vol-kept' };
    const spec = { capacity: { storage: '5Gi' }, accessModes: ['ReadWriteOnce'], csi };
    await world.create([persistentVolumes, object('v1', 'PersistentVolume', { metadata, spec })]);
    assert.deepEqual(await found('kept-volumes'), [
      'warn: restoresession demo/restore-1 has kept 1 volume of 5Gi for 8d',
    ]);
    assert.deepEqual(await found('kept-volumes', '-n default'), []);
  });

  test('Events of snapshots that are gone', async () => {
    const event = (name: string, type: string, kind: string) =>
      [
        events,
        object('v1', 'Event', {
          metadata: { name, namespace: demo },
          ...{ type, reason: 'SnapshotCreationFailed', message: 'rpc error: desc = 429' },
          involvedObject: { apiVersion: 'snapshot.storage.k8s.io/v1', kind, namespace: demo, name },
        }),
      ] as const;
    await world.create(
      event('normal', 'Normal', 'VolumeSnapshot'),
      event('of-a-pod', 'Warning', 'Pod'),
      event('gone', 'Warning', 'VolumeSnapshot'),
    );
    assert.deepEqual(await found('driver-limits'), [
      "warn: volumesnapshot gone: the storage system's API limits the rate of requests, as its Events say",
    ]);
  });

  test('Jobs of the operator, and no others', async () => {
    const job = (name: string, component: string) => {
      const labels = { 'app.kubernetes.io/managed-by': 'kubectl-stash', [label.component]: component };
      const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'app' }] } };
      const metadata = { name, namespace: demo, labels };
      return [jobs, object('batch/v1', 'Job', { metadata, spec: { suspend: true, template } })] as const;
    };
    await world.create(job('nightly-1', 'trigger'), job('probe-1', 'probe'));
    for (const name of ['nightly-1', 'probe-1']) {
      const conditions = [{ type: 'Failed', status: 'True', message: 'its image is gone' }];
      const at = { name, namespace: demo };
      await world.cluster.patch(jobs, at, { status: { conditions } }, { subresource: 'status' });
    }
    assert.deepEqual(await found('operator-jobs'), [
      'warn: job nightly-1 began no session: its image is gone',
    ]);
  });
});

test('a cluster without the snapshot API', async () => {
  await using world = await startWorld();
  await place(world);
  for (const kind of ['volumesnapshots', 'volumesnapshotclasses', 'volumesnapshotcontents']) {
    await world.cluster.delete(customResourceDefinitions, { name: `${kind}.snapshot.storage.k8s.io` });
  }
  const { code, out } = await world.run('doctor deploy/web');
  assert.equal(code, 1);
  matchGolden('commands/doctor/no-snapshot-api', out);
});

describe('doctor -A', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
    await place(world);
    const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'data' };
    for (const name of ['a', 'b', 'c']) {
      await world.create(namespace(name), claim(name, 'data'));
      await world.bound(name, 'data');
    }
    await world.create(
      configuration(demo, 'nightly', web, { schedule: '0 3 * * *', paused: false }),
      configuration('a', 'nightly', claimRef),
      configuration('b', 'gone', { kind: 'Deployment', name: 'gone' }),
    );
  });
  after(() => world[Symbol.asyncDispose]());

  test('prints what is not ok, by namespace, and counts the rest', async () => {
    const before = await world.census();
    const ran = await world.run('doctor -A');
    assert.deepEqual([ran.code, ran.err], [1, '']);
    matchGolden('commands/doctor/all-namespaces', ran.out);
    assert.deepEqual(await world.census(), before);
  });

  test('tells programs the namespace of each finding, and of the cluster once', async () => {
    const items = await examined(world, '-A');
    const places = new Set(items.map((item) => item.namespace));
    assert.deepEqual([...places], [undefined, 'a', 'b', demo]);
    assert.equal(items.filter(({ check }) => check === 'snapshot-api').length, 1);
  });

  test('lists each kind once, for all namespaces', async () => {
    const read: string[] = [];
    const through = (cluster: Cluster): Cluster => ({
      ...cluster,
      list: (resource, scope) => {
        if ((scope?.fieldSelector ?? scope?.labelSelector) === undefined)
          read.push(`${resource.plural} ${scope?.namespace ?? ''}`.trim());
        return cluster.list(resource, scope);
      },
    });
    await world.run('doctor -A', { through, hints: false });
    assert.deepEqual(read.sort(), [...new Set(read)].sort());
    assert.ok(!read.some((each) => each.includes(' ')), read.join());
  });

  test('searches all namespaces for a Lease once', async () => {
    const searched: string[] = [];
    const through = (cluster: Cluster): Cluster => ({
      ...cluster,
      list: (resource, scope) => {
        if (resource === leases) searched.push(scope?.fieldSelector ?? '');
        return cluster.list(resource, scope);
      },
    });
    await world.run('doctor -A', { through, hints: false });
    assert.deepEqual(searched, ['metadata.name=external-snapshotter-leader-sandbox-csi-stash-dev']);
  });

  test('a user who may list in each namespace only gets the same', async () => {
    const through = (cluster: Cluster): Cluster => ({
      ...cluster,
      list: (resource, scope) =>
        resource.namespaced && scope?.namespace === undefined
          ? Promise.reject(new StashError('forbidden', 'may not'))
          : cluster.list(resource, scope),
    });
    // Only a search of all namespaces finds the Lease of a sidecar.
    const ofNamespaces = (items: readonly FindingItem[]) =>
      items.filter(({ namespace, check }) => namespace !== undefined && check !== 'sidecar-lease');
    const found = await examined(world, '-A', { through });
    assert.deepEqual(ofNamespaces(found), ofNamespaces(await examined(world, '-A')));
  });

  test('takes no target', async () => {
    const ran = await world.run('doctor -A deploy/web');
    assert.deepEqual([ran.code, ran.out], [2, '']);
    matchGolden('commands/doctor/all-namespaces-of-one', ran.err);
  });
});
