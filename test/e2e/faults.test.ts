/** Drivers that are slow, fail, or never finish: what the plugin reports, and its exit codes. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  backupSessions,
  persistentVolumeClaims,
  restoreSessions,
  storageClasses,
  volumeSnapshotClasses,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { snapshotClass, storageClass } from '#test/support/classes.ts';

import { openPlace, type Place } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();
const { driver = '', cluster } = server;
const skip = server.driver === undefined && 'E2E_DRIVER is not set';

/** Creates classes of the test's own with these parameters; they are deleted before the test's namespace. */
async function classes(
  t: { after: (end: () => Promise<void>) => void },
  place: Place,
  parameters: Record<string, string>,
): Promise<string> {
  const name = place.namespace;
  await cluster.create(storageClasses, storageClass(name, driver, parameters));
  await cluster.create(volumeSnapshotClasses, snapshotClass(name, driver, parameters));
  t.after(async () => {
    await cluster.delete(storageClasses, { name });
    await cluster.delete(volumeSnapshotClasses, { name });
  });
  return name;
}

suite('snapshots and restores', { concurrency: 9, skip }, () => {
  test('a slow snapshot is waited for', async (t) => {
    const place = await openPlace(t, server);
    const name = await classes(t, place, { cutDelay: '200ms', delay: '500ms' });
    await place.claims('data');
    const taking = place.succeeds(`snapshot pvc/data --snapshot-class ${name} --executor=local`);
    const session = await place.until(backupSessions, (all) => all[0]?.metadata.name);
    const followed = await place.succeeds(`wait ${session}`);
    assert.match(followed.stdout, /snapshotted: its snapshot is ready/);
    const { stdout, stderr } = await taking;
    assert.match(stdout, /snapshotted: its snapshot is ready/);
    assert.match(stderr, /data: .*waiting/);
  });

  test('a snapshot whose driver fails once still succeeds', async (t) => {
    const place = await openPlace(t, server);
    const name = await classes(t, place, { fault: 'error-once' });
    await place.claims('data');
    await place.succeeds(`snapshot pvc/data --snapshot-class ${name} --executor=local`);
  });

  test('a snapshot whose driver always fails: exit code 5 at the deadline, 4 at once with --fail-fast', async (t) => {
    const place = await openPlace(t, server);
    const name = await classes(t, place, { fault: 'error-always' });
    await place.claims('data');
    const late = await place.stash(
      `snapshot pvc/data --snapshot-class ${name} --timeout ${server.briefly} --executor=local`,
    );
    assert.equal(late.code, 5, late.stderr);
    assert.match(late.stderr, /timed out: data: not ready after \d+s: driver reports: .*fault: error-always/);
    assert.match(late.stderr, /hint: kubectl describe volumesnapshot data-\d+ -n /);
    assert.equal(late.stdout, '');
    const [session] = await place.list(backupSessions);
    assert.equal(session?.status?.phase, 'Failed');
    assert.equal(session.status.conditions?.[0]?.type, 'DeadlineExceeded');
    assert.equal((await place.list(volumeSnapshots)).length, 1, 'the snapshot is kept for inspection');

    const fast = await place.stash(`snapshot pvc/data --snapshot-class ${name} --fail-fast --executor=local`);
    assert.equal(fast.code, 4, fast.stderr);
    assert.match(fast.stderr, /failed: data: driver reports: .*fault: error-always/);
    const restored = await place.stash('restore pvc/data');
    assert.equal(restored.code, 1);
    assert.match(restored.stderr, /has no complete restore point/);
  });

  test('a snapshot that is cut but never ready is a failure', async (t) => {
    const place = await openPlace(t, server);
    const name = await classes(t, place, { fault: 'never-ready' });
    await place.claims('data');
    const ran = await place.stash(
      `snapshot pvc/data --snapshot-class ${name} --timeout ${server.briefly} --executor=local`,
    );
    assert.equal(ran.code, 5, ran.stderr);
    assert.match(ran.stderr, /data: not ready after \d+s: cut; waiting until it is ready to use/);
  });

  test('a snapshot without free space reports that', async (t) => {
    const place = await openPlace(t, server);
    const name = await classes(t, place, { fault: 'full' });
    await place.claims('data');
    const ran = await place.stash(`snapshot pvc/data --snapshot-class ${name} --fail-fast --executor=local`);
    assert.equal(ran.code, 4, ran.stderr);
    assert.match(ran.stderr, /no space left in the pool/);
  });

  test('failed snapshots of two targets are both reported, and an older restore point can still be restored', async (t) => {
    const place = await openPlace(t, server);
    const name = await classes(t, place, { fault: 'error-always' });
    await place.claims('good', 'bad');
    await place.succeeds('snapshot pvc/good --executor=local');
    const ran = await place.stash(
      `snapshot pvc/good pvc/bad --snapshot-class ${name} --fail-fast --executor=local`,
    );
    assert.equal(ran.code, 4);
    assert.match(ran.stderr, /good/);
    assert.match(ran.stderr, /bad/);
    await place.succeeds('restore pvc/good --suffix -2 --executor=local');
  });

  /** Creates a claim with a restore point. */
  async function snapshotted(place: Place): Promise<void> {
    await place.claims('data');
    await place.look(['data'], 'echo sample_data > /source/data/data.txt');
    await place.succeeds('snapshot pvc/data --executor=local');
  }

  test('a restore whose volume is slow or fails at first still succeeds', async (t) => {
    const place = await openPlace(t, server);
    const name = await classes(t, place, { fault: 'error-once', delay: '300ms' });
    await snapshotted(place);
    await place.succeeds(`restore pvc/data --suffix -2 --storage-class ${name} --executor=local`);
    assert.equal(await place.look(['data-2'], 'cat /source/data-2/data.txt'), 'sample_data');
  });

  test('a restore without free space: exit code 5 and the reason', async (t) => {
    const place = await openPlace(t, server);
    const name = await classes(t, place, { fault: 'full' });
    await snapshotted(place);
    const ran = await place.stash(
      `restore pvc/data --suffix -2 --storage-class ${name} --timeout ${server.briefly} --executor=local`,
    );
    assert.equal(ran.code, 5, ran.stderr);
    assert.match(ran.stderr, /data-2: not bound after \d+s: .*no space left in the pool/);
    assert.match(ran.stderr, /hint: kubectl describe persistentvolumeclaim data-2 -n /);
    const [session] = await place.list(restoreSessions);
    assert.equal(session?.status?.phase, 'Failed');
    assert.equal(session.status.stats?.[0]?.phase, 'Failed');
    const again = await place.stash(`restore pvc/data --suffix -2 --storage-class ${name}`);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /claim data-2 exists/);
    await place.remove(persistentVolumeClaims, 'data-2');
    await place.succeeds('restore pvc/data --suffix -2 --executor=local');
    assert.equal(await place.look(['data-2'], 'cat /source/data-2/data.txt'), 'sample_data');
  });
});
