/** Sessions that AppsCode's operator carries out: what the command asks of it, and what it reports. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  backupConfigurations,
  backupSessions,
  deployments,
  jobs,
  persistentVolumeClaims,
  replicaSets,
  replicationControllers,
  restoreSessions,
  volumeSnapshotClasses,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { buildConfiguration } from '#src/domain/backup/build-backup.ts';
import { claim, deployment } from '#test/e2e/manifests.ts';
import { startSandboxServer } from '#test/e2e/server.ts';
import { snapshotClass } from '#test/support/classes.ts';

import { executors, nothingCreated, openScene, snapshotted } from './scene.ts';

const server = await startSandboxServer();
const { cluster } = server;
/** Ten minutes in two seconds. */
const times = 300;

suite("AppsCode's operator", { concurrency: 2 }, () => {
  suite('with a snapshot', { concurrency: 8 }, () => {
    test('is awaited until the configuration is Ready, and gets one snapshot class', async (t) => {
      const scene = await openScene(t, server, {
        appscode: { configuration: { phase: 'Ready', afterMs: 1_500 } },
        claims: ['data', 'logs'],
      });
      const { place } = scene;
      const ran = await scene.stash('snapshot deploy/demo');
      assert.equal(ran.code, 0, ran.stderr);
      assert.match(ran.stdout, /^deployment\/demo snapshotted: all 2 snapshots are ready/);
      const [configuration] = await place.list(backupConfigurations);
      assert.equal(configuration?.spec.target?.snapshotClassName, 'sandbox');
      const snapshots = await place.list(volumeSnapshots);
      assert.deepEqual(
        snapshots.map(({ metadata }) => [metadata.labels, metadata.annotations]),
        [
          [undefined, undefined],
          [undefined, undefined],
        ],
      );
      assert.deepEqual(await executors(scene), [undefined], 'it does not know of holders');

      const again = await scene.stash('snapshot deploy/demo --executor=operator -o json');
      assert.equal(again.code, 0, again.stderr);
      assert.equal((JSON.parse(again.stdout) as { status: { phase: string } }).status.phase, 'Succeeded');
    });

    test('runs hooks in its own way, and a note says so', async (t) => {
      const scene = await openScene(t, server, {
        appscode: { configuration: { phase: 'Ready', afterMs: 0 } },
      });
      const { place } = scene;
      const target = { kind: 'Deployment', name: 'demo', namespace: place.namespace } as const;
      const plain = buildConfiguration(target, server.snapshotClass);
      const hooks = { preBackup: { exec: { command: ['sync'] } } };
      await place.create(backupConfigurations, { ...plain, spec: { ...plain.spec, hooks } });
      const ran = await scene.stash('snapshot deploy/demo');
      assert.equal(ran.code, 0, ran.stderr);
      assert.match(ran.stderr, /^note: AppsCode's operator runs hooks in its own pod/m);
    });

    test('excludes --executor=local', async (t) => {
      const scene = await openScene(t, server, { appscode: 'absent' });
      for (const line of ['snapshot deploy/demo --executor=local', 'restore deploy/demo --executor=local']) {
        const ran = await scene.stash(line);
        assert.equal(ran.code, 1);
        assert.match(ran.stderr, /AppsCode's Stash operator runs here[\s\S]*leave out --executor=local/);
      }
      await nothingCreated(scene);
    });

    test('is not asked for anything that it would do wrongly', async (t) => {
      const scene = await openScene(t, server, { appscode: 'absent', claims: ['data'] });
      const { place } = scene;
      const template = deployment('rc', ['data']).spec.template;
      await place.create(replicationControllers, {
        apiVersion: 'v1',
        kind: 'ReplicationController',
        metadata: { name: 'rc' },
        spec: { replicas: 0, selector: { app: 'rc' }, template },
      });
      const owned = await place.until(replicaSets, (all) => all[0]?.metadata.name);
      for (const [target, kind] of [
        [`rs/${owned}`, 'ReplicaSet'],
        ['rc/rc', 'ReplicationController'],
      ] as const) {
        const ran = await scene.stash(`snapshot ${target}`);
        assert.equal(ran.code, 1);
        assert.match(ran.stderr, new RegExp(`cannot snapshot a ${kind}[\\s\\S]*snapshot pvc/`));
      }
      await nothingCreated(scene);
    });

    test('is not given claims of two drivers', async (t) => {
      const scene = await openScene(t, server, { appscode: 'absent' });
      const { place } = scene;
      const { namespace } = place;
      const driver = `${namespace}.example.com`;
      await cluster.create(volumeSnapshotClasses, {
        apiVersion: 'snapshot.storage.k8s.io/v1',
        kind: 'VolumeSnapshotClass',
        metadata: { name: namespace },
        driver,
        deletionPolicy: 'Delete',
      });
      t.after(() => cluster.delete(volumeSnapshotClasses, { name: namespace }));
      const other = claim('other', '');
      const annotations = { 'volume.kubernetes.io/storage-provisioner': driver };
      await place.create(persistentVolumeClaims, { ...other, metadata: { name: 'other', annotations } });
      const status = { status: { phase: 'Bound' } };
      await cluster.patch(persistentVolumeClaims, { name: 'other', namespace }, status, {
        subresource: 'status',
      });
      await place.create(deployments, deployment('mixed', ['data', 'other']));
      const ran = await scene.stash('snapshot deploy/mixed');
      assert.equal(ran.code, 1);
      assert.match(ran.stderr, /need 2 snapshot classes \(sandbox, stash-e2e-.*one for all/);
      await nothingCreated(scene);
    });

    test('carries the session out that --wait=false leaves', async (t) => {
      const scene = await openScene(t, server, { appscode: {} });
      const ran = await scene.stash('snapshot deploy/demo --wait=false');
      assert.equal(ran.code, 0, ran.stderr);
      const name = /^backupsession\.stash\.appscode\.com\/(\S+) created\n$/.exec(ran.stdout)?.[1] ?? '';
      const waited = await scene.stash(`wait ${name}`);
      assert.equal(waited.code, 0, waited.stderr);
      const restored = await scene.stash(`restore deploy/demo --from ${name} --suffix -2`);
      assert.equal(restored.code, 0, restored.stderr);
      assert.equal(await scene.place.look(['data-2'], 'cat /source/data-2/data.txt'), 'sample_data');
    });

    test("leaves a session Running when its Job fails: 4, with the Job's message", async (t) => {
      const scene = await openScene(t, server, { appscode: { job: 'fails' } });
      const ran = await scene.stash('snapshot deploy/demo');
      assert.equal(ran.code, 4, ran.stderr);
      assert.match(
        ran.stderr,
        /failed: job stash-vs-\S+ failed: Job has reached the specified backoff limit/,
      );
      assert.equal((await scene.place.list(backupSessions))[0]?.status?.phase, 'Running');
    });

    test('succeeds with zero hosts: 4, never a success', async (t) => {
      const scene = await openScene(t, server, { appscode: { hosts: 'none' } });
      const ran = await scene.stash('snapshot deploy/demo');
      assert.equal(ran.code, 4, ran.stderr);
      assert.match(ran.stderr, /its phase is Succeeded, but no claim was snapshotted/);
      assert.equal(ran.stdout, '');
    });

    test('writes Succeeded before its snapshots are ready, and they never are: no success', async (t) => {
      const scene = await openScene(t, server, { appscode: { hasty: true }, times });
      const { namespace } = scene.place;
      const neverReady = snapshotClass(namespace, server.driver ?? '', { fault: 'never-ready' });
      await cluster.create(volumeSnapshotClasses, neverReady);
      t.after(() => cluster.delete(volumeSnapshotClasses, { name: namespace }));
      const ran = await scene.stash(`snapshot deploy/demo --snapshot-class ${namespace}`);
      assert.equal(ran.code, 5, ran.stderr);
      assert.match(ran.stderr, /its phase is Succeeded; data: .*(waiting|cut)/);
    });

    test('does not make the configuration Ready: its reason, and no session', async (t) => {
      const message = 'deployment "demo" is not there';
      const late = await openScene(t, server, {
        appscode: { configuration: { phase: 'NotReady', message } },
        times,
      });
      const ran = await late.stash('snapshot deploy/demo');
      assert.equal(ran.code, 5, ran.stderr);
      assert.match(ran.stderr, /deploy-demo was not Ready after 10m: deployment "demo" is not there/);
      assert.deepEqual(await late.place.list(backupSessions), []);
    });

    test('finds the configuration invalid: fails at once', async (t) => {
      const scene = await openScene(t, server, {
        appscode: { configuration: { phase: 'Invalid', message: 'no such repository' } },
      });
      const ran = await scene.stash('snapshot deploy/demo');
      assert.equal(ran.code, 1, ran.stderr);
      assert.match(ran.stderr, /deploy-demo is invalid: no such repository/);
      assert.deepEqual(await scene.place.list(backupSessions), []);
    });

    test('skips a session: 4, with its reason', async (t) => {
      const scene = await openScene(t, server, { appscode: { configuration: { phase: 'NotReady' } } });
      // Discovery does not show the group here, so the command does not wait until the configuration is Ready.
      const ran = await scene.place.stash('snapshot deploy/demo --executor=operator');
      assert.equal(ran.code, 4, ran.stderr);
      assert.match(ran.stderr, /was skipped: Skipped taking new backup: the invoker is not ready/);
      const [session] = await scene.place.list(backupSessions);
      assert.equal((await scene.stash(`wait ${session?.metadata.name ?? ''}`)).code, 4);
    });

    test('loses its Job in the middle: 5 at the deadline', async (t) => {
      const scene = await openScene(t, server, { appscode: { job: 'hangs' }, times });
      const { place } = scene;
      const following = scene.stash('snapshot deploy/demo');
      const job = await place.until(
        jobs,
        (all) => all.find(({ status }) => status?.active === 1)?.metadata.name,
      );
      await place.remove(jobs, job);
      const ran = await following;
      assert.equal(ran.code, 5, ran.stderr);
      assert.match(
        ran.stderr,
        /its deadline has passed and the session is still Running; data: not created yet/,
      );
    });

    test('loses the session itself in the middle: 4', async (t) => {
      const scene = await openScene(t, server, { appscode: { job: 'hangs' } });
      const { place } = scene;
      const following = scene.stash('snapshot deploy/demo');
      await place.until(jobs, (all) => all.some(({ status }) => status?.active === 1));
      const [session] = await place.list(backupSessions);
      await place.remove(backupSessions, session?.metadata.name ?? '');
      const ran = await following;
      assert.equal(ran.code, 4, ran.stderr);
      assert.match(ran.stderr, /is gone: the session was deleted while it ran/);
    });

    test('runs sessions of its own, which wait follows', async (t) => {
      const scene = await openScene(t, server, { appscode: {} });
      const { place } = scene;
      await scene.configured('Ready');
      const own = (name: string) =>
        place.create(backupSessions, {
          apiVersion: 'stash.appscode.com/v1beta1',
          kind: 'BackupSession',
          metadata: { name },
          spec: { invoker: { kind: 'BackupConfiguration', name: 'deploy-demo' } },
        });
      await own('deploy-demo-x7k2b');
      const ran = await scene.stash('wait deploy-demo-x7k2b');
      assert.equal(ran.code, 0, ran.stderr);
      assert.match(ran.stdout, /^deployment\/demo snapshotted: its snapshot is ready/);
      const [snapshot] = await place.list(volumeSnapshots);
      assert.equal(snapshot?.metadata.name, 'data-x7k2b');
    });
  });

  suite('with a restore', { concurrency: 8 }, () => {
    const line = 'restore deploy/demo --suffix -2';

    test("by AppsCode's operator", async (t) => {
      const scene = await snapshotted(await openScene(t, server, { appscode: {} }));
      const ran = await scene.stash(line);
      assert.equal(ran.code, 0, ran.stderr);
      assert.match(ran.stdout, /^deployment\/demo restored: its claim is bound/);
      const [session] = await scene.place.list(restoreSessions);
      assert.equal(session?.metadata.annotations?.['stash.appscode.com/executor'], undefined);
      const left = await scene.stash('restore deploy/demo --suffix -3 --wait=false');
      assert.match(left.stdout, /^restoresession\.stash\.appscode\.com\/restore-deploy-demo-\d+ created\n$/);
    });

    test("whose Job fails: 4, with the Job's message", async (t) => {
      const scene = await snapshotted(await openScene(t, server, { appscode: { job: 'fails' } }));
      const ran = await scene.stash(line);
      assert.equal(ran.code, 4, ran.stderr);
      assert.match(ran.stderr, /job stash-restore-\S+ failed: Job has reached the specified backoff limit/);
    });

    test('that succeeds with zero hosts: 4', async (t) => {
      const scene = await snapshotted(await openScene(t, server, { appscode: { hosts: 'none' } }));
      const ran = await scene.stash(line);
      assert.equal(ran.code, 4, ran.stderr);
      assert.match(ran.stderr, /its phase is Succeeded, but no claim was restored/);
    });

    test('whose claims wait for a first consumer: Unknown, 6; then wait sees them bound', async (t) => {
      const scene = await snapshotted(await openScene(t, server, { appscode: {} }));
      const ran = await scene.stash(`${line} --storage-class sandbox-wait`);
      assert.equal(ran.code, 6, ran.stderr);
      assert.match(ran.stderr, /data-2: waits for its first consumer: no pod uses it/);
      const [session] = await scene.place.list(restoreSessions);
      await scene.place.look(['data-2'], 'true');
      const waited = await scene.stash(`wait ${session?.metadata.name ?? ''}`);
      assert.equal(waited.code, 0, waited.stderr);
    });

    test('that hangs: 5 at the deadline, and what it waits for', async (t) => {
      const scene = await snapshotted(await openScene(t, server, { appscode: { job: 'hangs' }, times }));
      const ran = await scene.stash(line);
      assert.equal(ran.code, 5, ran.stderr);
      assert.match(ran.stderr, /the session is still Running; data-2: not created yet/);
    });
  });
});
